"""How one convolution is cut into pieces that fit the machine: plain, printable values.

The schedule is the one vocabulary of the heuristic, the tuner, its log and the IR. In a `.lr` file
the same decisions are spelled with PatDNN's words (`Tuning`), all of them optional:

    unroll = [co, h, w]     the register tile: filters x rows x columns of one body   -> jam, tile
    tile   = [co, ci]       the cache tile: filters of a group, channels of a block   -> group, block
    permute = hwcico        the order of the loops around the body, outermost first   -> order
    load   = aligned        how a vector reaches a register                           -> load
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import cast, get_args

from lrc.dialects.values.machines import Load, machine_named

LOADS = get_args(Load)
ORDERS = ("hwcico", "cohwci")

MOST_SUMS = 256
"""The largest register tile that there may be, far beyond what registers hold."""

LARGEST = 2**31 - 1
"""The largest number of a schedule."""


@dataclass(frozen=True)
class Schedule:
    """What a convolution's kernel looks like and in which order it runs.

    `tile`: output rows x vectors that one body computes for each of `jam` filters; `lanes`: floats of a
    vector; `block`: input channels of a block; `group`: filters that one point of the grid computes;
    `order`: `hwcico` visits all groups of filters at one place of the picture before the next place,
    `cohwci` all places of the picture for one group of filters before the next group.
    """

    tile: tuple[int, int]
    lanes: int
    block: int
    jam: int = 1
    group: int = 64
    order: str = "hwcico"
    load: Load = "direct"
    algorithm: str = "direct"

    def __post_init__(self) -> None:
        if isinstance(self.tile, int) or len(self.tile) != 2:
            raise ValueError(f"tile takes 2 numbers, not {_shown(self.tile)}")
        sizes: dict[str, int | tuple[int, ...] | str] = {
            "rows": self.tile[0],
            "vectors": self.tile[1],
            "lanes": self.lanes,
            "block": self.block,
        }
        for name, value in (sizes | {"jam": self.jam, "group": self.group}).items():
            if isinstance(value, tuple | str):  # as `parse` may give it
                raise ValueError(f"{name} takes a number, not {_shown(value)}")
            if value < 1:
                raise ValueError(f"{name} must be at least 1, not {value}")
            if value > LARGEST:
                raise ValueError(f"{name} must be at most {LARGEST}, not {value}")
        if self.accumulators > MOST_SUMS:
            raise ValueError(f"a body of {self.accumulators} vectors of sums is too large: at most {MOST_SUMS} can be")
        if self.group % self.jam:
            raise ValueError(f"a group of {self.group} filters cannot be jammed by {self.jam}")
        if self.algorithm != "direct":
            raise ValueError(f"unknown algorithm '{self.algorithm}': only 'direct' exists")
        if self.order not in ORDERS:
            raise ValueError(f"unknown order '{self.order}': 'hwcico' or 'cohwci'")
        if self.load not in LOADS:
            raise ValueError(f"unknown load '{self.load}': one of {', '.join(LOADS)}")

    @property
    def columns(self) -> int:
        """Output columns of a tile."""
        return self.tile[1] * self.lanes

    @property
    def accumulators(self) -> int:
        """Vector registers that hold the sums of one body."""
        return self.jam * self.tile[0] * self.tile[1]

    def __str__(self) -> str:
        return (
            f"<algorithm = {self.algorithm}, tile = [{self.tile[0]}, {self.tile[1]}], lanes = {self.lanes}, "
            f"block = {self.block}, jam = {self.jam}, group = {self.group}, order = {self.order}, load = {self.load}>"
        )

    @staticmethod
    def parse(text: str) -> Schedule:
        """Read what `str` prints; all but `tile`, `lanes` and `block` may be left out. Raises ValueError."""
        entries = _entries(text, {f.name for f in fields(Schedule)})
        for name in ("tile", "lanes", "block"):
            if name not in entries:
                raise ValueError(f"a schedule needs a {name}")
        return Schedule(**entries)  # pyright: ignore[reportArgumentType]


@dataclass(frozen=True)
class Tuning:
    """A layer's own wishes for its schedule, as written in `.lr`; None where the compiler may choose.

    `unroll`: (filters, rows, columns) of the register tile, columns in elements; `tile`: (filters of a
    group, input channels of a block); `device`: the machine that they are for, any if None.
    """

    unroll: tuple[int, int, int] | None = None
    tile: tuple[int, int] | None = None
    permute: str | None = None
    load: Load | None = None
    device: str | None = None

    def __post_init__(self) -> None:
        for name, sizes, length in (("unroll", self.unroll, 3), ("tile", self.tile, 2)):
            if sizes is not None and (isinstance(sizes, int | str) or len(sizes) != length or min(sizes) < 1):
                raise ValueError(f"{name} takes {length} positive numbers, not {_shown(sizes)}")
        if self.permute is not None and self.permute not in ORDERS:
            raise ValueError(f"unknown permute '{self.permute}': 'hwcico' or 'cohwci'")
        if self.load is not None and self.load not in LOADS:
            raise ValueError(f"unknown load '{self.load}': one of {', '.join(LOADS)}")
        if self.device is not None:
            machine_named(self.device)

    def __str__(self) -> str:
        given = {f.name: getattr(self, f.name) for f in fields(self)}
        return "<" + ", ".join(f"{name} = {_shown(value)}" for name, value in given.items() if value is not None) + ">"

    def misfit(self, lanes: int) -> str | None:
        """Why no machine whose vectors have so many lanes can do it; None if one may."""
        if self.unroll is None:
            return None
        jam, rows, columns = self.unroll
        if columns % lanes:
            return f"unroll asks for {columns} columns, which are no whole vectors of {lanes} floats"
        if (sums := jam * rows * columns // lanes) > MOST_SUMS:
            return f"unroll asks for {sums} vectors of sums at once: at most {MOST_SUMS} can be, few are fast"
        return None

    @staticmethod
    def parse(text: str) -> Tuning:
        """Read what `str` prints. Raises ValueError."""
        return Tuning(**_entries(text, {f.name for f in fields(Tuning)}))  # pyright: ignore[reportArgumentType]


def _shown(value: object) -> str:
    """A number, a word, or a tuple of numbers as a list."""
    return str(list(cast(tuple[int, ...], value))) if isinstance(value, tuple) else str(value)


def _entries(text: str, known: set[str]) -> dict[str, object]:
    """`<a = 1, b = [2, 3], c = word>` as a dictionary of ints, tuples of ints and words."""
    inner = text.strip()
    if not (inner.startswith("<") and inner.endswith(">")):
        raise ValueError(f"expected '<name = value, ...>', not '{text}'")
    entries: dict[str, object] = {}
    depth, start, parts = 0, 1, list[str]()
    for i, c in enumerate(inner):
        depth += (c == "[") - (c == "]")
        if (c == "," and depth == 0) or i == len(inner) - 1:
            parts.append(inner[start:i])
            start = i + 1
    for part in filter(str.strip, parts):
        name, equals, value = (p.strip() for p in part.partition("="))
        if not equals or name not in known:
            raise ValueError(f"expected one of {', '.join(sorted(known))} with '= value', not '{part.strip()}'")
        if name in entries:
            raise ValueError(f"'{name}' is given twice")
        if value.startswith("["):
            numbers = [n.strip() for n in value.strip("[]").split(",")]
            if not all(n.lstrip("-").isdigit() for n in numbers):
                raise ValueError(f"expected numbers, not '{', '.join(numbers)}'")
            entries[name] = tuple(map(int, numbers))
        else:
            entries[name] = int(value) if value.lstrip("-").isdigit() else value
    return entries
