"""From a module of the lr dialect to the text of a `.lr` file."""

from __future__ import annotations

from collections.abc import Iterable

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import BlockArgument

from lrc.diagnostics import UserError
from lrc.dialects import lr
from lrc.dialects.lr.base import shape_of, tensor
from lrc.dialects.values.patterns import PatternSet
from lrc.frontend import spelling, syntax
from lrc.frontend.formatting import format, inline
from lrc.frontend.nesting import Names, Nesting, parts_of
from lrc.frontend.spelling import NOWHERE, word


def write(module: ModuleOp, *, weights: str | None = None) -> str:
    """The canonical `.lr` text of a module of the lr dialect: `lrc.parse` reads the same module from it.

    Layers `enc.a` and `enc.b` become a block that `enc` calls. `weights` is the file that the text says its arrays are
    in; it has to be given where they are in memory alone, as those that a pass made (`lrc.save` writes both).

    Raises:
        UserError: the language cannot say the module: a fused layer, a name with a space, arrays without a file.
        ValueError: there is no model in the module.
    """
    model = lr.find_model(module.clone())  # its values are changed on the way
    *ops, output = model.block.ops
    layers = [op for op in ops if isinstance(op, lr.LayerOp)]
    if len(layers) < len(ops) or not isinstance(output, lr.OutputOp):
        other = next(op.name for op in (*ops, output) if not isinstance(op, lr.LayerOp))
        raise UserError.because(f"the module has an {other}, which is no layer", hint=spelling.BY_TEXT)
    if any(each.type != tensor(shape_of(each)) for each in (*model.block.args, *(op.output for op in layers))):
        hint = f"write the module as it was before assign-layout; {spelling.BY_TEXT}"
        raise UserError.because("its values have layouts, which the language does not have", hint=hint)
    if (machine := lr.find_machine(module)) is not None:
        raise UserError.because(f"the module is for {machine}, which the language does not say", hint=spelling.BY_TEXT)
    if not model.inputs or not output.values:
        raise UserError.because(f"a network of the language has inputs and outputs, unlike '{model.sym_name.data}'")
    names: Names = dict(zip(model.block.args, model.inputs, strict=True))
    for name in {part.name for part in parts_of(layers)}.intersection(model.inputs):
        hint = "give the layer another name"
        raise UserError.because(
            f"'{name}' is an input and a layer, and the language has one name for one thing", hint=hint
        )
    patterns = _pattern_sets(layers)
    nesting = Nesting(patterns)
    statements = [*nesting.statements(parts_of(layers), names, "")]
    head: list[syntax.Statement] = [syntax.Weights(_origin(model, layers, weights), span=NOWHERE)]
    if model.device is not None:
        head.append(syntax.Device(spelling.name(model.device.data, "a device"), span=NOWHERE))
    for value, text in zip(model.block.args, model.inputs, strict=True):
        name, sizes = spelling.name(text, "an input"), spelling.sizes(shape_of(value))
        head.append(syntax.Input(name, word("f32"), sizes, span=NOWHERE))
    outputs: list[syntax.Statement] = []
    for value, text in zip(output.values, output.names, strict=True):
        if isinstance(value, BlockArgument):
            hint = "let a layer make it of the input, as a concat of two would"
            raise UserError.because(f"output '{text.data}' is an input, and no layer makes it", hint=hint)
        layer = None if names[value] == text.data else word(names[value])
        outputs.append(syntax.Output(spelling.name(text.data, "an output"), layer, span=NOWHERE))
    sets = [_patterns(name, patterns) for patterns, name in patterns.items()]
    sections = [head, sets, *([block] for block in nesting.blocks.values()), [*statements, *outputs]]
    name = spelling.name(model.sym_name.data, "a model", also="-")
    body = "\n\n".join("\n".join(map(_text, section)) for section in sections if section)
    return format(f"model {name.text} {{\n{body}\n}}\n")


def _text(statement: syntax.Statement) -> str:
    """A statement before it gets its layout."""
    if not isinstance(statement, syntax.Block):
        return inline(statement)
    return "\n".join([inline(statement) + " {", *map(inline, statement.layers), inline(statement.result), "}"])


def _origin(model: lr.ModelOp, layers: Iterable[lr.LayerOp], weights: str | None) -> syntax.String | syntax.Call:
    """Where the text says that the weights are. Raises UserError if the text cannot say it."""
    if weights is not None:
        return spelling.string(weights)
    store = model.store
    named = {spec.name for op in layers for _, _, spec in op.weight_specs()}
    hint = 'lrc.save writes them beside the text; or say what file they will be in: weights="net.safetensors"'
    if lost := sorted(store.made & named):
        raise UserError.because(f"array '{lost[0]}' is in memory, and in no file", hint=hint)
    if store.seed is not None and not store.lacks & named:
        return spelling.call("random", seed=spelling.whole(store.seed))
    if store.shown is None:
        raise UserError.because(f"the arrays of the model have no file: their source is {store.source}", hint=hint)
    return spelling.string(store.shown)


def _pattern_sets(layers: Iterable[lr.LayerOp]) -> dict[PatternSet, str]:
    """A name for each of the pattern sets that layers use: `p8` is one of eight."""
    names: dict[PatternSet, str] = {}
    for op in layers:
        if isinstance(op, lr.ConvOp) and op.sparsity is not None and (patterns := op.sparsity.data.patterns):
            name = f"p{len(patterns)}"
            same = sum(other.split("_")[0] == name for other in names.values())
            names.setdefault(patterns, f"{name}_{same + 1}" if same else name)
    return names


def _patterns(name: str, patterns: PatternSet) -> syntax.Patterns:
    masks = tuple(spelling.string(str(mask)) for mask in patterns.masks)
    return syntax.Patterns(word(name), syntax.List(masks, span=NOWHERE), span=NOWHERE)
