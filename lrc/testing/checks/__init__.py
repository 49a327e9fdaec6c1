"""What must hold: `preserving.py` of passes and targets, `relations.py` of networks written differently (with
`moves.py` and `code.py`), `roundtrips.py` of texts, `robustness.py` of whatever is read.

A check that fails leaves a reproducer (`reproducers.py`, `scripts.py`).
"""
