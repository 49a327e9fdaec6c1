"""The largest numbers that a user may ask for, of the command or from Python; all begin at 1, a seed at 0."""

from typing import Final

MOST_THREADS: Final = 64

MOST_RUNS: Final = 100_000
"""Of a benchmark: the times of all layers in all runs are kept in memory."""

MOST_SEED: Final = 2**32 - 1
