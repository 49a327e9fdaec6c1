"""The fkw dialect: convolutions whose weights are packed as filter, kernel, weight."""

from xdsl.ir import Dialect

from lrc.dialects.fkw.ops import Conv2dOp

Fkw = Dialect("fkw", [Conv2dOp], [])
