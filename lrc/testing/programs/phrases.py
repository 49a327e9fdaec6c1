"""What stands in a program where a value does: numbers, lists, sparsities, names, each as one of the ways to say it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final

from hypothesis import strategies as st

from lrc.dialects.lr.base import shape_of
from lrc.dialects.values.machines import MACHINES
from lrc.dialects.values.patterns import PatternSet, Sparsity
from lrc.dialects.values.schedules import LOADS, ORDERS, Tuning
from lrc.testing.plain import Choices, pattern_sets
from lrc.testing.programs.meaning import Environment, Parameter, Said, Statement, Template, layer, stands_for

MODELS: Final = ("net", "vgg-16", "model", "_", "weights", "a-b--c-", "E1", "output")
INPUTS: Final = ("x", "image", "input", "double", "block", "repeat", "conv2d", "e1")
LAYERS: Final = (
    *("conv1", "a", "b", "c", "bn", "act", "out", "x1", "_", "__", "E", "e5", "f32", "int", "add", "relu", "channels"),
    *("repeat", "pattern", "same", "true", "dense", "random", "Conv2D", "layer1", "a_b", "n1e5", "deconv", "x"),
)
INNER_LAYERS: Final = (*LAYERS, "weights", "device", "input", "patterns", "block", "output", "model")
PARAMETERS: Final = ("x", "y", "features", "input", "n", "model", "result", "repeat", "channels", "f32", "_", "e2")
BLOCKS: Final = ("act", "basic", "bottleneck", "x", "block", "model", "weights", "Conv", "result", "same", "channels")
SETS: Final = ("p4", "corners", "same", "x", "patterns", "P_2", "dense")
OUTPUTS: Final = ("y", "scores", "output", "mask", "model", "int", "relu", "y2")
DEVICES: Final = (None, None, *MACHINES, "neon")
PREFIXES: Final = ("layer1.0", "0", "features.3.block", "downsample.0", "1.conv", "")
"""What models, inputs, layers, … and arrays are called: as people call them, and as the language calls other things."""

WORDS: Final = frozenset({"same", "true", "false", "dense", "auto", "filter", "layer", "fkw", *ORDERS, *LOADS, *SETS})
"""What no parameter is called: it would be taken for the word, or for a pattern set."""

SUMS: Final = {
    "n * 2": (2, 0),
    "2 * n": (2, 0),
    "n + 1": (1, 1),
    "(n + 1) * 2 - 2": (2, 0),
    "n * 4/2": (2, 0),
    "n/1": (1, 0),
    "3 + n - 2": (1, 1),
    "-n + 2 * n": (1, 0),
}
"""What can be said of a number n, as a factor of it and what is added."""

Kind = str | tuple[str, Any]
"""What a field or parameter may be: `count`, …; `("stride", 2)` along so many axes, `("sparsity", (3, 3))` for kernels
of that size."""

USUAL: Final = {"count": "filters", "size": "kernel"}
"""What a parameter of a kind is called, other than the kind."""

MOST_PARAMETERS: Final = 7


@dataclass(frozen=True)
class Value:
    """What a name stands for in a scope: a `picture`, a `sequence`, a `vector` or a `volume`. Equal `channels` and
    `places` are equal sizes."""

    text: str
    kind: str
    channels: object = field(default_factory=object)
    places: object = field(default_factory=object)


@dataclass
class Scope:
    """What can be used at one place: values, those nobody has read yet, calls that have several results; in a block its
    parameters. `taken` are names, `prefixes` those of arrays."""

    values: list[Value] = field(default_factory=list[Value])
    unread: dict[str, None] = field(default_factory=dict[str, None])
    taken: set[str] = field(default_factory=set[str])
    prefixes: set[str] = field(default_factory=set[str])
    statements: list[Statement] = field(default_factory=list[Statement])
    calls: list[tuple[str, Template]] = field(default_factory=list[tuple[str, Template]])
    parameters: list[Parameter] | None = None

    def add(self, value: Value) -> Value:
        """Add a value that has to be read."""
        self.values.append(value)
        self.unread[value.text] = None
        return value

    def like(self, value: Value) -> list[Value]:
        """The values of the same size."""
        return [v for v in self.values if (v.kind, v.channels, v.places) == (value.kind, value.channels, value.places)]


def named(text: str) -> Said:
    """What a name stands for, a layer or a parameter."""
    return Said(text, lambda names: stands_for(text, names))


def constant(text: str, value: Any, is_atom: bool = True) -> Said:
    """What is the same whatever names stand for."""
    return Said(text, lambda _: value, is_atom)


def number(text: str, is_atom: bool = True) -> Said:
    """A number as Python writes it, or a quotient."""
    return constant(text, Fraction(text), is_atom)


def operand(said: Said) -> str:
    """What is said as an operand of a sum or product: in parentheses if it is one itself."""
    return said.text if said.is_atom else f"({said.text})"


def channels(name: str) -> Said:
    """How many channels a layer has."""

    def meaning(names: Environment) -> Fraction:
        return Fraction(shape_of(layer(stands_for(name, names)))[1])

    return Said(f"channels({name})", meaning)


def listed(parts: Sequence[Said], comma: str = "") -> Said:
    """A list, with a comma behind its last part or not."""
    text = f"[{', '.join(part.text for part in parts)}{comma}]"
    return Said(text, lambda names: tuple(part.meaning(names) for part in parts))


class Phrases(Choices):
    """Draws values. `sets` are the pattern sets that they name."""

    def __init__(self, draw: st.DrawFn) -> None:
        super().__init__(draw)
        self.sets: dict[str, PatternSet] = {}

    def fresh(self, names: Sequence[str], taken: set[str]) -> str:
        """A name that is not taken yet; it is now."""
        name = self.pick(names)
        while name in taken:
            name += str(len(taken))
        taken.add(name)
        return name

    def value(self, kind: Kind, scope: Scope) -> Said:
        """A value of a kind: said as it is, or by a parameter that there is, or that is added to the block."""
        if scope.parameters is None or self.one_in(3):
            return self.plain(kind, scope)
        known = [each.name for each in scope.parameters if each.kind == kind]
        if known and (len(scope.parameters) >= MOST_PARAMETERS or self.one_in(2)):
            return self.derived(kind, self.pick(known))
        if len(scope.parameters) >= MOST_PARAMETERS:
            return self.plain(kind, scope)
        return named(self.parameter(kind, scope, scope.parameters).name)

    def parameter(self, kind: Kind, scope: Scope, parameters: list[Parameter]) -> Parameter:
        """A new parameter, perhaps with a default, perhaps one that those before it make."""
        word = kind if isinstance(kind, str) else kind[0]
        usual = USUAL.get(word, word)
        taken = scope.taken | WORDS | {"weights"}
        name = usual if usual not in taken and not self.one_in(4) else self.fresh(PARAMETERS, taken)
        scope.taken.add(name)
        default = None
        if self.one_in(2):
            before = [each.name for each in parameters if each.kind == kind]
            layers = [each.name for each in parameters if each.kind in ("picture", "sequence")]
            default = self.plain(kind, Scope())
            if before and not self.one_in(3):
                default = self.derived(kind, self.pick(before))
            elif layers and kind == "count":
                default = self.derived(kind, "", channels(self.pick(layers)))
        parameters.append(Parameter(name, default, kind))
        return parameters[-1]

    def derived(self, kind: Kind, name: str, of: Said | None = None) -> Said:
        """A value out of another one of its kind."""
        said = of or named(name)
        if kind != "count" or self.one_in(3):
            return said
        form = self.pick([*SUMS])
        factor, offset = SUMS[form]
        text = form.replace("n", operand(said))
        return Said(text, lambda names: factor * said.meaning(names) + offset, is_atom=False)

    def plain(self, kind: Kind, scope: Scope) -> Said:
        """A value of a kind, said without parameters. Raises ValueError if there is no such kind."""
        match kind:
            case "count":
                if scope.values and self.one_in(3):
                    return self.derived("count", "", channels(self.pick(scope.values).text))
                return self.whole(self.pick((1, 2, 3, 4, 5, 8)))
            case "times":
                return self.whole(self.pick((2, 1, 3)))
            case "size", axes:
                return self.each((1, 2, 3, 5), axes)
            case "stride" | "dilation", axes:
                return self.each((1, 2, 3), axes)
            case "scale", axes:
                return self.each((1, 2), axes)
            case "slope":
                return self.pick(
                    (number("0.2"), number("1.5"), number("0"), number("1"), self.minus("0.5"), self.minus("2"))
                )
            case "epsilon":
                texts = ("1e-3", "0.001", "1E-05", "1e-5", "0.0", "2.5e-7")
                return self.pick([*(number(text) for text in texts if Fraction(text)), number("1/1000", False)])
            case "bias":
                return self.pick((constant("false", False), constant("true", True)))
            case "keep":
                texts = ("1/2", "1/3.6", "0.25", "5/18", "1", "7.5e-1", "1/3")
                return self.pick([constant(t, _quotient(t), "/" not in t) for t in texts])
            case "load":
                return self.pick([constant(word, word) for word in LOADS])
            case "tuning":
                return self.tuning(scope)
            case "sparsity", kernel:
                return self.sparsity(kernel, scope)
            case "set", kernel:
                name = self.set(kernel)
                return constant(name, self.sets[name])
            case _:
                raise ValueError(kind)

    def minus(self, text: str) -> Said:
        """A number below zero."""
        return constant(f"-{text}", -Fraction(text), is_atom=False)

    def whole(self, value: int) -> Said:
        """A whole number; few people say it by arithmetic."""
        if not self.one_in(4):
            return number(str(value))
        texts = (f"{value}.0", f"{2 * value}/2", f"{value + 1} - 1", f"({value})", f"{value}e0", f"-(-{value})")
        text = self.pick(texts)
        return constant(text, Fraction(value), is_atom=not ("/" in text or "-" in text))

    def each(self, choices: Sequence[int], axes: int) -> Said:
        """A number, or one for each axis; few people say that of a sequence."""
        if not self.one_in(3 if axes > 1 else 9):
            return self.whole(self.pick(choices))
        return listed([self.whole(self.pick(choices)) for _ in range(axes)], self.pick(("", "", ",")))

    def set(self, kernel: tuple[int, int]) -> str:
        """The name of a pattern set for such kernels."""
        known = [name for name, each in self.sets.items() if each.shape == kernel]
        if known and self.one_in(2):
            return self.pick(known)
        name = self.fresh(SETS, set(self.sets))
        self.sets[name] = self.draw(pattern_sets(kernel, 3))
        return name

    def sparsity(self, kernel: tuple[int, int], scope: Scope) -> Said:
        """A sparsity for such kernels, its fields in either order."""
        word = self.pick(("pattern", "pattern", "connectivity", "dense", "auto"))
        if word in ("dense", "auto"):
            return constant(word, Sparsity("dense" if word == "dense" else "auto"))
        is_pattern = word == "pattern"
        patterns = self.value(("set", kernel), scope) if is_pattern else None
        keep = self.value("keep", scope) if not is_pattern or self.one_in(2) else None
        budget = self.pick(("", "", "filter", "layer")) if keep else ""
        parts = [patterns.text] if patterns else []
        rest = [f"keep: {keep.text}"] if keep else []
        rest += [f"budget: {budget}"] if budget else []
        parts += reversed(rest) if self.one_in(3) else rest

        def meaning(names: Environment) -> Sparsity:
            return Sparsity(
                "pattern" if is_pattern else "connectivity",
                patterns.meaning(names) if patterns else None,
                float(keep.meaning(names)) if keep else None,
                "layer" if budget == "layer" else "filter",
            )

        return Said(f"{word}({', '.join(parts)})", meaning)

    def tuning(self, scope: Scope) -> Said:
        """Wishes for a schedule, all, some or none."""
        parts = dict[str, Said]()
        if self.one_in(2):
            parts["unroll"] = listed([self.whole(self.pick((1, 2))), self.whole(1), self.whole(self.pick((16, 32)))])
        if self.one_in(2):
            parts["tile"] = listed([self.whole(self.pick((2, 4))), self.whole(self.pick((1, 16)))])
        if self.one_in(2):
            word = self.pick(ORDERS)
            parts["permute"] = constant(word, word)
        if self.one_in(2):
            parts["load"] = self.value("load", scope)
        if self.one_in(4):
            device = self.pick(tuple(MACHINES))
            parts["device"] = constant(device, device)
        comma = self.pick((", ", " "))
        text = comma.join(key if said.text == key else f"{key}: {said.text}" for key, said in parts.items())

        def meaning(names: Environment) -> Tuning:
            given: dict[str, Any] = {key: said.meaning(names) for key, said in parts.items()}
            for key in given.keys() & {"unroll", "tile"}:
                given[key] = tuple(int(each) for each in given[key])
            return Tuning(**given)

        return Said(f"{{ {text} }}", meaning)


def _quotient(text: str) -> Fraction:
    over, _, under = text.partition("/")
    return Fraction(over) / Fraction(under or 1)
