"""What every level of the IR means, in float64 numpy: the oracle that emitted code is measured against."""

from lrc.interpreters.graph import Evaluation, run, trace, walk

__all__ = ["Evaluation", "run", "trace", "walk"]
