"""The convolution kernel: one function for every convolution there is, dense ones included.

A family is what a kernel's code depends on; everything else is an argument. The kernel computes, at
each point of the grid, one tile of the output picture for one group of filters:

    for each block of input channels
      for each filter of the group (`jam` filters together)
        accumulators = bias, or what the earlier blocks left in the output
        for each pattern
          for each kernel of this pattern: index -> window of the input; accumulators += weight * vector
        after the last block: residual, activation
        store

The taps are written as naively as they can be, one load for each multiplication: sharing loads is the
business of the passes that follow. Where they are many, loops go through them (`taps.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects import arith, vector
from xdsl.dialects.builtin import IndexType, StringAttr
from xdsl.ir import Attribute, SSAValue

from lrc.dialects import kernel
from lrc.dialects.values.activations import Activation
from lrc.dialects.values.elements import F32, Element
from lrc.dialects.values.patterns import Mask, PatternSet
from lrc.dialects.values.rounding import round_up
from lrc.dialects.values.schedules import Load
from lrc.passes.lowering.activation import activate
from lrc.passes.lowering.builder import Loops, array_of_floats, array_of_unsigned
from lrc.passes.lowering.convolution.taps import CHUNK, Band, bands, is_looped
from lrc.passes.lowering.indices import Index


@dataclass(frozen=True)
class ConvFamily:
    """All that the code of a convolution kernel depends on.

    `lead`: columns between the left end of the window and the first output column's own input column,
    minus the padding: how far left of a tile the window starts; `bits`: widths of offset, reorder, index
    and stride; `ragged`: whether the last tile sticks out of the picture (below, to the right); `element`: what it
    computes with.
    """

    patterns: PatternSet
    strides: tuple[int, int]
    dilations: tuple[int, int]
    pad_left: int
    tile: tuple[int, int]
    lanes: int
    jam: int
    load: Load
    order: str
    input_row: int
    output_row: int
    residual_row: int | None
    activation: Activation | None
    bits: tuple[int, int, int, int]
    ragged: tuple[bool, bool]
    element: Element = F32

    @property
    def name(self) -> str:
        """`conv3x3_p8_7x2x16_i64_o64_relu` and what else is out of the ordinary."""
        kernel = "x".join(map(str, self.patterns.shape))
        words = [f"conv{kernel}"] + [str(self.element)] * (self.element is not F32)
        words += [f"s{self.strides[0]}x{self.strides[1]}"] if self.strides != (1, 1) else []
        words += [f"d{self.dilations[0]}x{self.dilations[1]}"] if self.dilations != (1, 1) else []
        words += [f"p{len(self.patterns)}"] if len(self.patterns) > 1 else []
        words += [f"{self.tile[0]}x{self.tile[1]}x{self.lanes}"]
        words += [f"j{self.jam}"] if self.jam > 1 else []
        words += [f"i{self.input_row}", f"o{self.output_row}"]
        words += [f"r{self.residual_row}"] if self.residual_row is not None else []
        words += [self.activation.kind] if self.activation else []
        return "_".join(words)

    @property
    def lead(self) -> int:
        """Columns of the window to the left of the tile: whole vectors if loads are to be aligned."""
        return round_up(self.pad_left, self.lanes) if self.load == "aligned" else self.pad_left

    @property
    def taps(self) -> int:
        """Weights stored for each kernel and filter: those of the fullest pattern."""
        return max(len(mask.taps) for mask in self.patterns.masks)

    @property
    def arguments(self) -> list[tuple[str, Attribute]]:
        """Names and types of the kernel's arguments, in order."""
        arrays = [("offset", 0), ("reorder", 1), ("index", 2), ("stride", 3)]
        floats, residual = array_of_floats(self.element), self.residual_row is not None
        numbers = ["rows", "columns", "groups", "filters", "group", "blocks", "block_stride"]
        numbers += ["input_channel", "input_first", "output_channel", "output_first"]
        numbers += ["residual_channel", "residual_first"] if residual else []
        numbers += ["height"] if self.ragged[0] else []
        numbers += ["width"] if self.ragged[1] else []
        return [
            ("input", floats),
            ("output", floats),
            *([("residual", floats)] if residual else []),
            *((name, array_of_unsigned(self.bits[i])) for name, i in arrays),
            ("weight", floats),
            ("bias", floats),
            *((name, IndexType()) for name in numbers),
        ]


def conv_kernel(name: str, family: ConvFamily) -> kernel.KernelFuncOp:
    """The kernel of a family, as a function called `name`."""
    loops = Loops(name, family.arguments)
    writer = _ConvWriter(loops, family)
    if family.order == "hwcico":
        with loops.grid(y="rows", x="columns", g="groups") as (y, x, g):
            writer.point(y, x, g)
    else:
        with loops.grid(g="groups", y="rows", x="columns") as (g, y, x):
            writer.point(y, x, g)
    by_taps = (family.jam > 1 or any(map(is_looped, family.patterns.masks))) and family.strides[1] == 1
    return loops.finish(family.load, "taps" if by_taps else "places")


class _ConvWriter:
    """Writes the parts of one convolution kernel; a method for each part."""

    def __init__(self, loops: Loops, family: ConvFamily) -> None:
        self.loops, self.family = loops, family
        rows, vectors = family.tile
        self.cells = [(j, r, v) for j in range(family.jam) for r in range(rows) for v in range(vectors)]
        self.names = [f"a{j}r{r}v{v}" if family.jam > 1 else f"r{r}v{v}" for j, r, v in self.cells]

    def point(self, y: SSAValue, x: SSAValue, g: SSAValue) -> None:
        """One tile of the picture for one group of filters."""
        loops, family = self.loops, self.family
        (rows, vectors), columns = family.tile, family.tile[1] * family.lanes
        input_step = rows * family.strides[0] * family.input_row, columns * family.strides[1]
        input_tile = loops.place(loops["input_first"], (y, input_step[0]), (x, input_step[1]), name="input_tile")
        self.output_tile = loops.place(
            loops["output_first"], (y, rows * family.output_row), (x, columns), name="output_tile"
        )
        if family.residual_row is not None:
            self.residual_tile = loops.place(
                loops["residual_first"], (y, rows * family.residual_row), (x, columns), name="residual_tile"
            )
        # rows and lanes of this tile that lie inside the picture
        self.inside_rows: Index = rows
        self.inside_lanes: list[SSAValue] | None = None
        if family.ragged[0]:
            self.inside_rows = loops.subtract(loops["height"], loops.multiply(y, rows), "inside_rows")
        if family.ragged[1]:
            left = loops.subtract(loops["width"], loops.multiply(x, columns), "inside_columns")
            lanes = [loops.subtract(left, v * family.lanes, f"lanes{v}") for v in range(vectors)]
            self.inside_lanes = [loops.value(n) for n in lanes]
        first_filter = loops.multiply(g, loops["group"], "first_filter")
        end = loops.smaller(loops.add(first_filter, loops["group"], "next_group"), loops["filters"], "end_filter")

        def block(b: SSAValue, _: Sequence[SSAValue]) -> Sequence[SSAValue]:
            input_block = loops.place(input_tile, (b, loops["block_stride"]), name="input_block")
            first = loops.equal(b, 0, "is_first")
            last = loops.equal(loops.add(b, 1), loops["blocks"], "is_last")
            row = loops.multiply(b, loops["filters"], "block_row")

            def filters(f: SSAValue, _: Sequence[SSAValue]) -> Sequence[SSAValue]:
                self.filters(loops.add(row, f, "row"), f, input_block, first, last)
                return ()

            loops.loop("f", first_filter, end, (), filters)
            return ()

        loops.loop("b", 0, loops["blocks"], (), block)

    def filters(self, row: Index, f: SSAValue, input_block: Index, first: SSAValue, last: SSAValue) -> None:
        """`jam` filters over one block of channels: row is the place of this in offset and stride."""
        loops, family = self.loops, self.family
        outputs = [
            loops.load_index(loops["reorder"], loops.place(j, (f, family.jam)), "filter") for j in range(family.jam)
        ]
        windows = [
            loops.window(
                loops["output"],
                loops.place(self.output_tile, (o, loops["output_channel"])),
                family.output_row,
                "output_window",
            )
            for o in outputs
        ]
        accumulators = loops.choose(first, lambda: self.biases(outputs), lambda: self.partial_sums(windows), self.names)
        kernels = loops.load_index(loops["offset"], row, "kernels")
        patterns = len(family.patterns.masks)
        runs = loops.multiply(row, patterns + 1, "runs")
        bounds = [
            loops.add(kernels, loops.load_index(loops["stride"], loops.add(runs, p)), f"run{p}")
            for p in range(patterns + 1)
        ]
        for p, mask in enumerate(family.patterns.masks):

            def body(k: SSAValue, sums: Sequence[SSAValue], mask: Mask = mask) -> Sequence[SSAValue]:
                return self.kernel(mask, k, input_block, sums)

            pattern = {"pattern": StringAttr(str(mask))} if patterns > 1 else {}
            accumulators = loops.loop("k", bounds[p], bounds[p + 1], accumulators, body, attributes=pattern)
        results = loops.choose(last, lambda: self.finished(accumulators, outputs), lambda: accumulators, self.names)
        self.store(results, windows)

    def biases(self, outputs: Sequence[SSAValue]) -> Sequence[SSAValue]:
        """Accumulators that start from the bias of their filter."""
        lanes = self.family.lanes
        biases = [self.loops.splat(self.loops.load_float(self.loops["bias"], o), lanes, "filter_bias") for o in outputs]
        return [biases[j] for j, _, _ in self.cells]

    def partial_sums(self, windows: Sequence[SSAValue]) -> Sequence[SSAValue]:
        """Accumulators that go on from what the earlier blocks stored."""
        return self.picture(windows, "before")

    def picture(self, windows: Sequence[SSAValue], name: str) -> list[SSAValue]:
        """The vectors of a tile, one for each accumulator; zero where the tile leaves the picture."""
        loops, family = self.loops, self.family
        rows, vectors = family.tile

        def row_of(window: SSAValue, r: int) -> list[SSAValue]:
            lanes = self.inside_lanes or [None] * vectors
            return [
                loops.insert(kernel.LoadOp(window, r, v * family.lanes, family.lanes, lanes=lanes[v]), name)
                for v in range(vectors)
            ]

        def zeros() -> list[SSAValue]:
            return [loops.splat(0.0, family.lanes)] * vectors

        values: list[SSAValue] = []
        for window in windows:
            for r in range(rows):
                if isinstance(self.inside_rows, int):
                    values += row_of(window, r)
                else:
                    inside = loops.less(r, self.inside_rows)
                    values += loops.choose(inside, lambda w=window, r=r: row_of(w, r), zeros, [name] * vectors)
        return values

    def kernel(self, pattern: Mask, k: SSAValue, input_block: Index, sums: Sequence[SSAValue]) -> Sequence[SSAValue]:
        """One kernel of `pattern`: accumulators += weight * vector, for every tap, row, vector and filter."""
        loops, family = self.loops, self.family
        channel = loops.load_index(loops["index"], k, "channel")
        picture = loops.place(input_block, (channel, loops["input_channel"]))
        if is_looped(pattern):
            first_weight = loops.multiply(k, family.taps * family.jam, "first_weight")
            for band in bands(pattern):
                sums = self.band(band, picture, first_weight, sums)
            return sums
        window = loops.window(loops["input"], picture, family.input_row, "window")
        first_weight = loops.multiply(k, family.taps * family.jam, "first_weight")
        return self.taps(pattern.taps, window, first_weight, sums)

    def band(self, band: Band, picture: Index, first_weight: Index, sums: Sequence[SSAValue]) -> Sequence[SSAValue]:
        """The taps of rows that are alike, in a loop over the rows, and over the columns if these are many."""
        loops, family = self.loops, self.family
        row_step, column_step = family.dilations[0] * family.input_row, CHUNK * family.dilations[1]

        def taps(columns: Sequence[int], place: Index, weight: Index, sums: Sequence[SSAValue]) -> Sequence[SSAValue]:
            window = loops.window(loops["input"], place, family.input_row, "window")
            return self.taps([(0, column) for column in columns], window, weight, sums)

        def row(dy: Index, sums: Sequence[SSAValue]) -> Sequence[SSAValue]:
            place = loops.place(loops.add(picture, band.row * row_step), (dy, row_step), name="picture_row")
            tap = loops.add(first_weight, band.first * family.jam)
            weight = loops.place(tap, (dy, len(band.columns) * family.jam), name="row_weight")

            def chunk(dx: SSAValue, sums: Sequence[SSAValue]) -> Sequence[SSAValue]:
                right = loops.place(place, (dx, column_step), name="picture_column")
                return taps(band.columns[:CHUNK], right, loops.place(weight, (dx, CHUNK * family.jam)), sums)

            done = band.chunks * CHUNK
            if done:
                sums = loops.loop("dx", 0, band.chunks, sums, chunk)
            rest = loops.add(weight, done * family.jam)
            return taps(band.columns[done:], place, rest, sums) if band.columns[done:] else sums

        return loops.loop("dy", 0, band.rows, sums, row) if band.rows > 1 else row(0, sums)

    def taps(
        self, taps: Sequence[tuple[int, int]], window: SSAValue, first_weight: Index, sums: Sequence[SSAValue]
    ) -> Sequence[SSAValue]:
        """Taps of a kernel at (row, column) of the window, written out; their weights lie side by side."""
        loops, family = self.loops, self.family
        weights = {
            (t, j): loops.splat(
                loops.load_float(loops["weight"], loops.add(first_weight, t * family.jam + j)), family.lanes, "w"
            )
            for t in range(len(taps))
            for j in range(family.jam)
        }
        results = list(sums)
        for t, (dy, dx) in enumerate(taps):
            for i, (j, r, v) in enumerate(self.cells):
                row = r * family.strides[0] + dy * family.dilations[0]
                column = family.lead - family.pad_left + v * family.lanes * family.strides[1] + dx * family.dilations[1]
                loaded = loops.insert(kernel.LoadOp(window, row, column, family.lanes, stride=family.strides[1]), "v")
                fma = vector.FMAOp.create(operands=[loaded, weights[t, j], results[i]], result_types=[loaded.type])
                results[i] = loops.insert(fma, self.names[i])
        return results

    def finished(self, sums: Sequence[SSAValue], outputs: Sequence[SSAValue]) -> Sequence[SSAValue]:
        """Residual and activation, after the last block."""
        loops, family = self.loops, self.family
        values = list(sums)
        if family.residual_row is not None:
            windows = [
                loops.window(
                    loops["residual"],
                    loops.place(self.residual_tile, (o, loops["residual_channel"])),
                    family.residual_row,
                    "residual_window",
                )
                for o in outputs
            ]
            residuals = self.picture(windows, "shortcut")
            values = [loops.insert(arith.AddfOp(s, r)) for s, r in zip(values, residuals, strict=True)]
        return [activate(loops, family.activation, value, family.lanes) for value in values]

    def store(self, values: Sequence[SSAValue], windows: Sequence[SSAValue]) -> None:
        """Store the accumulators, row by row, as far as they lie inside the picture."""
        loops, family = self.loops, self.family
        rows, vectors = family.tile
        lanes = self.inside_lanes or [None] * vectors
        cell = dict(zip(self.cells, values, strict=True))

        def row_of(j: int, r: int) -> Sequence[SSAValue]:
            for v in range(vectors):
                store = kernel.StoreOp(cell[j, r, v], windows[j], r, v * family.lanes, lanes=lanes[v])
                loops.builder.insert(store)
            return ()

        for j in range(family.jam):
            for r in range(rows):
                if isinstance(self.inside_rows, int):
                    row_of(j, r)
                else:
                    loops.choose(loops.less(r, self.inside_rows), lambda j=j, r=r: row_of(j, r))
