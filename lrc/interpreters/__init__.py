"""What every level of the IR means, in float64 numpy: the oracle that emitted code is measured against."""

from lrc.interpreters.graph import Evaluation, run, walk

__all__ = ["Evaluation", "run", "walk"]
