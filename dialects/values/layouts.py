"""Where each number of a tensor lies in memory: a plain value, one for each tensor of the graph.

A tensor [1, C, H, W] is stored channel by channel, row by row, with a halo around every picture:

    lead  |<------------------ row_stride ------------------>|
    ....  0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0    top rows of the halo
    ....  x x x x x x x x x x x x x x x x x x x . . 0 0 0 0 0 0 0    H rows: W numbers, waste lanes, right halo
    ....  x x x x x x x x x x x x x x x x x x x . . 0 0 0 0 0 0 0
    ....  0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0    bottom rows of the halo
          (the next channel)
    tail

The right halo of a row is the left halo of the next one; `lead` holds the left halo of the first row.
The invariant: whoever produces a tensor writes zero in every place outside the picture that a consumer
may read (`.` above are waste lanes of the last vector of a row, and zero as well). `lead`, `tail` and
what lies behind a picture are read, never used: reading them must stay inside the buffer, no more.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

LARGEST = 2**40
"""More numbers than any memory holds, few enough for every place to be a C number of 64 bits."""


def round_up(n: int, multiple: int) -> int:
    """The smallest multiple of `multiple` that is at least `n`."""
    return -(-n // multiple) * multiple


@dataclass(frozen=True)
class Layout:
    """The place of every number of a float32 tensor [1, channels, height, width]; all sizes in elements.

    `top`, `bottom`: rows of zeros around each picture; `row_stride`: from a row to the next; `lead`, `tail`:
    elements before the first row and after the last; `lanes`: rows start at multiples of this.
    """

    channels: int
    height: int
    width: int
    top: int = 0
    bottom: int = 0
    row_stride: int = 0
    lead: int = 0
    tail: int = 0
    lanes: int = 1

    def __post_init__(self) -> None:
        for field in fields(self):
            least = 1 if field.name in ("channels", "height", "width", "lanes") else 0
            if getattr(self, field.name) < least:
                raise ValueError(f"{field.name} must be at least {least}, not {getattr(self, field.name)}")
        if self.size > LARGEST:
            raise ValueError(f"a buffer of {self.size} numbers is too large: at most {LARGEST} can be")
        if self.row_stride < self.width:
            raise ValueError(f"rows of {self.width} numbers do not fit a row stride of {self.row_stride}")

    @property
    def rows(self) -> int:
        """Rows of one channel, halo included."""
        return self.top + self.height + self.bottom

    @property
    def channel_stride(self) -> int:
        """From a channel to the next."""
        return self.rows * self.row_stride

    @property
    def origin(self) -> int:
        """Where the first number of the first channel lies."""
        return self.lead + self.top * self.row_stride

    @property
    def size(self) -> int:
        """Elements of the whole buffer."""
        return self.lead + self.channels * self.channel_stride + self.tail

    @property
    def compact(self) -> bool:
        """Whether the numbers lie one after the other, with nothing between them."""
        return self.row_stride == self.width and self.rows == self.height

    def __str__(self) -> str:
        shape = f"{self.channels}x{self.height}x{self.width}"
        rest = ", ".join(f"{f.name} = {getattr(self, f.name)}" for f in fields(self)[3:])
        return f"<{shape}, {rest}>"

    @staticmethod
    def parse(text: str) -> Layout:
        """Read what `str` prints. Raises ValueError."""
        shape, *rest = text.strip().removeprefix("<").removesuffix(">").split(",")
        sizes = shape.split("x")
        if len(sizes) != 3:
            raise ValueError(f"expected channels x height x width, not '{shape}'")
        entries: dict[str, int] = {}
        for name, _, value in (part.partition("=") for part in rest):
            if name.strip() not in {f.name for f in fields(Layout)[3:]}:
                raise ValueError(f"a layout has no '{name.strip()}'")
            if name.strip() in entries:
                raise ValueError(f"'{name.strip()}' is given twice")
            entries[name.strip()] = int(value)
        return Layout(*map(int, sizes), **entries)
