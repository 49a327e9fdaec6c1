"""What a model declares before its layers: weights, inputs, pattern sets."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from xdsl.dialects.builtin import TensorType

from lrc import zoo
from lrc.dialects.elements import FloatType
from lrc.dialects.lr.base import tensor
from lrc.dialects.lr.store import ZOO, WeightError, WeightStore
from lrc.dialects.values.patterns import Mask, PatternSet
from lrc.dialects.values.shapes import KINDS, show
from lrc.frontend import syntax
from lrc.frontend.fields import named
from lrc.frontend.mistakes import Mistake, Mistakes
from lrc.frontend.scope import Scope, check_size, describe, integer, word
from lrc.frontend.syntax import Span

IN_TORCH: Final = 'in Python: `safetensors.torch.save_file(net.state_dict(), "net.safetensors")`'

SAVED_BY: Final = {
    **dict.fromkeys((".pth", ".pt", ".bin", ".ckpt", ".pkl", ".tar"), IN_TORCH),
    ".npz": 'in Python: `safetensors.numpy.save_file(dict(numpy.load("net.npz")), "net.safetensors")`',
}
"""How what other files hold becomes a safetensors file, by their endings."""


def read_weights(statement: syntax.Weights, directory: Path) -> WeightStore:
    """The store that `weights` names; a file is found relative to `directory`. Raises Mistake."""
    origin = statement.origin
    if isinstance(origin, syntax.String):
        of_the_zoo = directory == zoo.FOLDER or origin.text.startswith(ZOO)
        file = zoo.FOLDER / origin.text.removeprefix(ZOO) if of_the_zoo else directory / origin.text
        try:
            return WeightStore.from_file(file, f"{ZOO}{file.name}" if of_the_zoo else str(file))
        except WeightError as error:
            raise Mistake(origin.span, str(error), SAVED_BY.get(file.suffix)) from None
    word(origin.name, Scope(), ("random",))
    for argument in origin.arguments:
        if argument.name is None:
            raise Mistake(argument.span, "the seed goes by its name", "`random(seed: 0)`")
    seed = named(origin.arguments, ("seed",)).get("seed")
    return WeightStore.random(0 if seed is None else integer(seed, Scope()))


def read_input(statement: syntax.Input) -> TensorType[FloatType]:
    """The type of an input. Raises Mistake, and ShapeError if it is too large."""
    if statement.element.text != "f32":
        raise Mistake(statement.element.span, f"an input is of f32, not of '{statement.element.text}'")
    sizes = [integer(size, Scope(), 1) for size in statement.sizes.elements]
    if len(sizes) not in KINDS:
        hint = ", ".join(KINDS.values())
        raise Mistake(statement.sizes.span, f"an input has 2 to 5 sizes, not {len(sizes)}", hint)
    if sizes[0] != 1:
        hint = "lrc compiles for one picture at a time; call the network once for each"
        if len(sizes) == 3:
            hint = f"one picture of {sizes[0]} channels is {show([1, *sizes])}"
        raise Mistake(statement.sizes.elements[0].span, f"a batch of {sizes[0]} is not supported", hint)
    check_size(sizes)
    return tensor(sizes)


def read_patterns(statement: syntax.Patterns, mistakes: Mistakes) -> PatternSet | None:
    """A pattern set; None if a mask of it is wrong, and then every wrong one is reported."""
    masks: dict[Mask, None] = {}
    for element in statement.masks.elements:
        if not isinstance(element, syntax.String):
            mistakes.report(element.span, f"{describe(element)} is no mask", 'such as "110/110/000"')
            continue
        try:
            mask = Mask.parse(element.text)
            first = next(iter(masks), mask)
            PatternSet((mask, mask) if mask in masks else tuple({first: None, mask: None}))
            masks[mask] = None
        except ValueError as error:
            mistakes.report(_wrong_part(element), str(error))
    if not statement.masks.elements:
        mistakes.report(statement.masks.span, "a pattern set needs at least one mask", 'such as "110/110/000"')
    try:
        return PatternSet(tuple(masks)) if len(masks) == len(statement.masks.elements) else None
    except ValueError as error:
        mistakes.report(statement.masks.span, str(error))
        return None


def _wrong_part(mask: syntax.String) -> Span:
    """Where in a mask's text the mistake is: the first character that is none of `01/`, or the first row that is not as
    long as the one at the top."""
    start = mask.span.start + 1
    for i, character in enumerate(mask.text):
        if character not in "01/":
            return Span(start + i, start + i + 1)
    rows = mask.text.split("/")
    for row in rows:
        if len(row) != len(rows[0]):
            return Span(start, start + len(row))
        start += len(row) + 1
    return mask.span
