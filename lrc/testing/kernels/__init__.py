"""Modules of the loop level, drawn: `drawing.py` has the strategy, `statements.py` what kernels consist of, and
`evaluating.py` what their functions write, before passes and after them."""
