"""The schedule that a layer gets when nobody measured one: a model of a loop body, and a search over tiles.

The model counts what one run of a body asks of the machine: multiply-adds, loads, and the work around
them. The best tile is the one with the fewest cycles for each output that is not wasted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import inf

from lrc.dialects.values.elements import F32, Element
from lrc.dialects.values.machines import Machine
from lrc.dialects.values.patterns import PatternSet
from lrc.dialects.values.rounding import pieces, round_up
from lrc.dialects.values.schedules import Load, Schedule, Tuning
from lrc.dialects.values.shapes import Window
from lrc.passes.lowering.convolution.taps import is_looped, written_taps

LEAST_THREADS = 4
"""Threads that every layer has work for, at the least: the large cores of a phone."""


@dataclass(frozen=True)
class Problem:
    """One convolution, as far as its schedule depends on it.

    `channels`: input channels that one filter may read; `filters`, `height`, `width`: of the output;
    `kernels`: mean number of kernels of a filter; `jams`: how many filters may be jammed; `element`: what it computes
    with.
    """

    window: Window
    patterns: PatternSet
    channels: int
    filters: int
    height: int
    width: int
    kernels: float
    jams: tuple[int, ...]
    element: Element = F32

    @cached_property
    def is_looped(self) -> bool:
        """Whether loops go through the taps."""
        return any(map(is_looped, self.patterns.masks))

    @cached_property
    def shares_pruned(self) -> bool:
        """Whether filters may be jammed whose kernels keep a part of their taps."""
        return len(self.jams) > 1 and self.patterns.most_taps < self.window.kernel[0] * self.window.kernel[1]


MOST_MULTIPLICATIONS = 8192
"""The most that the bodies of a kernel have in the code, where there is a choice: compilers take seconds for that."""

MOST_IN_LOOPS = 512
"""The most where loops go through the taps, and longer bodies gain nothing."""

CROWDING = 0.2
"""Cycles by which a load holds up the sums of a Cortex-A76, though both have units of their own: measured with tiles of
as many sums for one filter and for two, which load less. It decides whether to jam them."""


def choose_schedule(problem: Problem, machine: Machine, threads: int, tuning: Tuning) -> Schedule:
    """The schedule of a layer: what its author asked for, and the model's choice for the rest.

    Raises ValueError if the author asked for something that cannot be done.
    """
    lanes = machine.lanes_of(problem.element)
    if (why := tuning.misfit(lanes)) is not None:
        raise ValueError(why)
    load: Load = tuning.load or ("direct" if lanes == 1 else machine.load)
    if problem.window.strides[1] > 1 and load == "aligned" and tuning.load is None:
        load = "direct"  # a strided load is two loads and a shuffle already
    if tuning.unroll is not None:
        jam, rows, columns = tuning.unroll
        if jam not in problem.jams:
            allowed = ", ".join(map(str, problem.jams))
            raise ValueError(f"unroll asks for {jam} filters at once; these filters share their kernels by {allowed}")
        tile = rows, columns // lanes
    else:
        _, jam, tile = min(candidates(problem, machine, load))
    group, block = tuning.tile or (0, 0)
    block = block or choose_block(problem, machine, tile)
    group = group or choose_group(problem, tile, lanes, jam, threads)
    return Schedule(
        tile=tile,
        lanes=lanes,
        block=min(block, problem.channels),
        jam=jam,
        group=round_up(group, jam),
        order=tuning.permute or "hwcico",
        load=load,
    )


def candidates(problem: Problem, machine: Machine, load: Load) -> Iterator[tuple[float, int, tuple[int, int]]]:
    """(cycles for each useful output and filter, jam, tile) of every tile that fits the registers."""
    lanes = machine.lanes_of(problem.element)
    most_vectors = pieces(problem.width, lanes)
    written = sum(map(written_taps, problem.patterns.masks))
    most = MOST_IN_LOOPS if problem.is_looped else MOST_MULTIPLICATIONS
    for jam in problem.jams:
        for rows in range(1, min(problem.height, 16) + 1):
            for vectors in range(1, min(most_vectors, 8) + 1):
                is_short = jam * rows * vectors * written <= most
                if is_short and registers(problem, machine, load, jam, rows, vectors) <= machine.registers:
                    cost = cycles(problem, machine, load, jam, rows, vectors)
                    yield cost / useful(problem, lanes, rows, vectors) / jam, jam, (rows, vectors)
    yield inf, 1, (1, 1)


def registers(problem: Problem, machine: Machine, load: Load, jam: int, rows: int, vectors: int) -> int:
    """Vector registers that a body keeps busy: its sums, the weights that live at a time, and vectors in flight.

    Where vectors come out of shuffles more of them are in flight than pay, and where filters are jammed
    more weights: with sums in more than half the registers compilers spill.
    """
    (kh, kw), sums, lanes = problem.window.kernel, jam * rows * vectors, machine.lanes_of(problem.element)
    strided = problem.window.strides[1] > 1 and lanes > 1
    if strided or (load == "aligned" and jam == 1):
        return 2 * sums
    # jammed filters take one tap after the other, for all rows; a single filter all taps of an input row; loops through
    # the taps take one after the other, for one row
    live = min(rows, kh) if jam > 1 else min(problem.patterns.most_taps, min(rows, kh) * kw)
    live = 1 if problem.is_looped else live
    if machine.lane_weights:
        if jam > 1 and problem.shares_pruned:  # so few weights that all are loaded at once
            return sums + pieces(jam * problem.patterns.most_taps, lanes) + 2
        vectors_of_weights = pieces(jam * live, lanes)
        in_turn = vectors_of_weights == 1 and (jam == 1 or min(rows, kh) == 1)
        return sums + vectors_of_weights * (1 if in_turn else min(rows, 2) + 1) + 3
    if jam > 1 and lanes >= 16:
        return 2 * sums
    return sums + jam * live + (2 if jam * live <= 4 else 4)


def useful(problem: Problem, lanes: int, rows: int, vectors: int) -> float:
    """Outputs of a tile that lie inside the picture, averaged over the picture's tiles."""
    tiles = pieces(problem.height, rows) * pieces(problem.width, vectors * lanes)
    return problem.height * problem.width / tiles


def cycles(problem: Problem, machine: Machine, load: Load, jam: int, rows: int, vectors: int) -> float:
    """Cycles of one run of the body, the mean over the patterns."""
    window, total, lanes = problem.window, 0.0, machine.lanes_of(problem.element)
    for mask in problem.patterns.masks:
        multiplications = jam * rows * vectors * len(mask.taps)
        loads = rows * vectors * len(mask.taps)
        if not is_looped(mask):
            loads = len(_places(mask.taps, window, lanes, load, rows, vectors))
        shuffles = 0
        if lanes > 1 and window.strides[1] > 1:
            loads, shuffles = loads * window.strides[1], loads * (window.strides[1] - 1)
        weights = jam * len(mask.taps) / (lanes if machine.lane_weights else 1)
        pointers = rows * window.strides[0] + window.kernel[0] - 1
        issue = (multiplications + shuffles + loads + weights + pointers) / 4
        arithmetic = (multiplications + shuffles) / machine.multiplications
        total += max(arithmetic, (loads + weights) / machine.loads, issue) + pointers / 2
        if machine.lane_weights and problem.shares_pruned:
            total += CROWDING * loads
    mean = total / len(problem.patterns)
    # the index of a kernel and the end of a loop for each; bias, activation and store for each filter, and a
    # place in memory of its own
    once = 8 + 4 * jam * rows * vectors + 8 * jam + 4 * len(problem.patterns)
    return mean + 4 + once / max(problem.kernels, 1)


def _places(
    taps: tuple[tuple[int, int], ...], window: Window, lanes: int, load: Load, rows: int, vectors: int
) -> set[tuple[int, int]]:
    """The places of the input that a body loads, each once."""
    (sh, sw), (dh, dw) = window.strides, window.dilations
    places = {
        (r * sh + dy * dh, v * lanes * sw + dx * dw - window.pads[1])
        for dy, dx in taps
        for r in range(rows)
        for v in range(vectors)
    }
    if load != "aligned":
        return places
    return {(r, (c + shift) // lanes) for r, c in places for shift in ((0, lanes - 1) if c % lanes else (0,))}


def choose_block(problem: Problem, machine: Machine, tile: tuple[int, int]) -> int:
    """Channels of a block: as many as keep their part of the input in the second-level cache."""
    rows = tile[0] * problem.window.strides[0] + problem.window.kernel[0] - 1
    line, lanes = 64, machine.lanes_of(problem.element)
    width = (tile[1] * lanes * problem.window.strides[1] + 2 * lanes) * problem.element.bytes
    footprint = rows * round_up(width, line)
    fitting = max(machine.block_bytes // footprint, 16)
    # a single pattern reads the channels in order, which caches foresee: such a layer may take more
    if fitting >= problem.channels or (
        len(problem.patterns) == 1 and problem.channels * footprint < 4 * machine.block_bytes
    ):
        return problem.channels
    blocks = pieces(problem.channels, fitting)
    return pieces(problem.channels, blocks)


def choose_group(problem: Problem, tile: tuple[int, int], lanes: int, jam: int, threads: int) -> int:
    """Filters of a group: all of them, unless the picture has too few tiles to keep every thread busy.

    Code that is compiled for one thread may be run by more, and small groups cost next to nothing.
    """
    tiles = pieces(problem.height, tile[0]) * pieces(problem.width, tile[1] * lanes)
    wanted = 8 * max(threads, LEAST_THREADS)
    groups = min(pieces(wanted, tiles), max(problem.filters // jam, 1))
    return max(pieces(problem.filters, groups), jam)
