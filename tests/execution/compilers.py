"""Ways to compile emitted code: targets, compilers, optimization, contraction, sanitizers; all of them, or pairs."""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from functools import cache
from itertools import combinations, product
from pathlib import Path

from batches import Batch, named
from installed import tool

from lrc import api
from lrc.compilation import compiler
from lrc.compilation.compiler import Compilation
from lrc.execution import toolchain
from lrc.verification import exact, verify
from lrc.verification.integers import IntegerNetwork, draw

TARGETS = ("neon", "host", "c")

STRICT = ("-Wall", "-Wextra", "-Werror", "-Wconversion", "-Wpedantic")

NETWORKS = (
    """
model pruned {
  weights random(seed: 1)
  input x: f32[1, 3, 11, 7]
  patterns p = ["110/110/000", "011/011/000", "000/110/110"]
  stem: conv2d(x) { filters: 9, kernel: 3, pad: 1 }
  act: relu(stem)
  thin: conv2d(act) { filters: 9, kernel: 3, pad: 1, bias: false, sparsity: pattern(p, keep: 1/2) }
  bn: batch_norm(thin)
  sum: add(bn, act)
  pool: max_pool(sum) { kernel: 3, stride: 2, pad: 1 }
  deep: conv2d(pool) { filters: 9, kernel: 3, pad: 1, groups: 9 }
  clip: relu6(deep)
  wide: conv2d(clip) { filters: 5, kernel: 1, sparsity: connectivity(keep: 1/2) }
  output y = wide
}
""",
    """
model mixed {
  weights random(seed: 2)
  input x: f32[1, 4, 6, 5]
  input z: f32[1, 2, 6, 5]
  a: conv2d(x) { filters: 6, kernel: [3, 1], pad: [1, 0], stride: [2, 1], groups: 2 }
  up: upsample(a) { scale: [2, 1] }
  both: concat(up, z)
  mean: avg_pool(both) { kernel: 2 }
  sharp: hard_swish(mean)
  flat: flatten(sharp)
  fc: linear(flat) { units: 7 }
  high: sigmoid(fc)
  output y = high
  output sharp
}
""",
)


@dataclass(frozen=True)
class Way:
    """A way to compile: `sanitizer` is empty or what `-fsanitize=` takes."""

    target: str
    compiler: str
    optimization: str
    contraction: str
    sanitizer: str

    def __str__(self) -> str:
        return " ".join(filter(None, astuple(self)))

    @property
    def is_possible(self) -> bool:
        """Whether there is such a compiler: zig's brings no sanitizers to call, and qemu runs none."""
        if toolchain.is_foreign(self.target):
            return self.compiler == "zig cc" and not self.sanitizer
        return self.compiler != "zig cc" or not self.sanitizer

    def command(self) -> list[str]:
        """The compiler's words, warnings being errors."""
        found = next(
            each for each in toolchain.find_compilers(self.target) if each.name == self.compiler or each.is_zig
        )
        if self.compiler != "zig cc":
            found = toolchain.Compiler((tool(self.compiler),))
        flags = [flag for flag in found.flags(self.target) if not flag.startswith(("-O", "-ffp"))]
        words = [*found.command, *flags, *STRICT, self.optimization, f"-ffp-contract={self.contraction}"]
        words += [f"-fsanitize={self.sanitizer}", "-fno-sanitize-recover=all"] if self.sanitizer else []
        words += ["-Wno-psabi"] if self.compiler != "zig cc" else []  # vectors as arguments, within one unit
        return words + (["-static"] if found.is_static or toolchain.is_foreign(self.target) else [])


WAYS = (
    TARGETS,
    ("gcc", "clang-19", "zig cc"),
    ("-O0", "-O1", "-O2", "-O3"),
    ("off", "on", "fast"),
    ("", "address", "undefined", "thread"),
)


def all_ways() -> list[Way]:
    """All that there are."""
    return [way for each in product(*WAYS) if (way := Way(*each)).is_possible]


def pairs(ways: Iterable[Way]) -> list[Way]:
    """Few of the ways, that have every two choices together that any has: always the one with most new pairs next."""
    ways = list(ways)
    pairs_of = {way: set(combinations(enumerate(astuple(way)), 2)) for way in ways}
    missing, chosen = set[object]().union(*pairs_of.values()), list[Way]()
    while missing:
        best = max(ways, key=lambda way: len(pairs_of[way] & missing))
        missing -= pairs_of[best]
        chosen.append(best)
    return chosen


@dataclass(frozen=True)
class Case:
    """A network of integers, compiled."""

    network: IntegerNetwork
    compilation: Compilation


@cache
def cases(target: str) -> Sequence[Case]:
    """Each of `NETWORKS` in two parts, compiled for a target."""
    found: list[Case] = []
    for text, turn in product(NETWORKS, (0, 1)):
        module = api.parse(text)
        network = draw(named(module, f"{compiler.name_of(module)}_{turn}"), turn)
        found.append(Case(network, compiler.lower(network.module, target)))
    return found


def check(way: Way, cases: Sequence[Case], scratch: Path) -> None:
    """Build networks in one way, without a warning, and run them between guard pages, with threads where they are
    watched: all numbers are right. Raises AssertionError."""
    runner = toolchain.runner_command(way.target)
    batch = Batch([case.compilation for case in cases], scratch, way.command(), runner)
    threads = 3 if way.sanitizer == "thread" else 1
    for at_end in (True, False):
        results = batch.run([case.network.inputs for case in cases], at_end, threads)
        for case, ran in zip(cases, results, strict=True):
            assert not isinstance(ran, str), f"{way}: {ran}"
            made = case.compilation
            report = verify.verify(made.source, made.graph, ran, case.network.inputs, made.stretches)
            assert report.passed, f"{way}: {report}"
            for name, (_, layer) in exact.layers_held(case.network.module, made.graph).items():
                if name in ran.layers and (expected := case.network.values.get(layer)) is not None:
                    wrong = exact.difference(0, ran.layers[name], expected)
                    assert wrong is None, f"{way}: '{name}': {wrong}"
