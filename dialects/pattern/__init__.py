"""The pattern dialect: convolutions whose surviving weights are known."""

from xdsl.ir import Dialect

from lrc.dialects.pattern.attrs import PatternSetAttr, ScheduleAttr
from lrc.dialects.pattern.ops import Conv2dOp

Pattern = Dialect("pattern", [Conv2dOp], [PatternSetAttr, ScheduleAttr])
