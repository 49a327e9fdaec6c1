"""Modules of the loop level, drawn: `drawing.py` has the strategy, `memory.py` and `statements.py` what kernels consist
of, `features.py` counts it, and `evaluating.py` says what functions write, before passes and after them."""
