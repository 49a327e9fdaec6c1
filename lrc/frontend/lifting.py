"""From the syntax tree to the `lr` dialect: names are looked up, blocks are put in place, shapes are inferred."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, TypeVar

from xdsl.dialects.builtin import FileLineColLoc, IntAttr, ModuleOp, StringAttr
from xdsl.ir import Block, Operation, Region, SSAValue

from lrc.diagnostics import Diagnostic, UserError, did_you_mean, words
from lrc.dialects import lr
from lrc.dialects.lr.base import tensor
from lrc.dialects.lr.shapes import ShapeError
from lrc.dialects.lr.weights import WeightError, WeightStore
from lrc.dialects.pattern.values import Mask, PatternSet
from lrc.frontend import syntax
from lrc.frontend.checking import check_weights
from lrc.frontend.fields import named
from lrc.frontend.operators import OPERATORS, Operator
from lrc.frontend.scope import Declared, Mistake, ReportedError, Scope, bind, check_size, describe, integer, layer, word
from lrc.frontend.syntax import Span, Value

MOST_LAYERS: Final = 10_000
"""Blocks of blocks multiply; no network has more layers than this."""

Node = syntax.Argument | syntax.Field
Once = TypeVar("Once", syntax.Weights, syntax.Device)


def lift(file: syntax.File, directory: Path = Path()) -> ModuleOp:
    """The network that a file describes; file names in it are relative to `directory`.

    Raises UserError with every mistake that was found.
    """
    return _Lift(file, directory).run()


class _Lift:
    """One lift: what was built so far, and what was found to be wrong."""

    def __init__(self, file: syntax.File, directory: Path) -> None:
        self.file = file
        self.directory = directory
        self.mistakes: dict[tuple[Span, str], Diagnostic] = {}
        self.block = Block()
        self.spans: dict[Operation, Span] = {}
        self.count = 0
        self.blocks: dict[str, Declared] = {}
        self.patterns: dict[str, PatternSet | None] = {}
        self.top = Scope(patterns=self.patterns, blocks=self.blocks)

    def run(self) -> ModuleOp:
        statements = self.file.statements
        weights = self._only([s for s in statements if isinstance(s, syntax.Weights)])
        device = self._only([s for s in statements if isinstance(s, syntax.Device)])
        store = self._weights(weights)
        inputs = [self._input(s) for s in statements if isinstance(s, syntax.Input)]
        if not inputs:
            self._report(self.file.name.span, "the model has no input", "such as `input x: f32[1, 3, 224, 224]`")
        self.top.later = {s.name.text: s for s in statements if isinstance(s, syntax.Layer)}
        for statement in statements:
            match statement:
                case syntax.Patterns():
                    self._declare_patterns(statement)
                case syntax.Block():
                    self._declare_block(statement)
                case syntax.Layer():
                    self._layer(statement, self.top)
                case _:
                    pass
        self._outputs([s for s in statements if isinstance(s, syntax.Output)])
        self._stop_at_mistakes()
        model = lr.ModelOp(
            self.file.name.text,
            Region(self.block),
            input_names=inputs,
            weights=store,
            device=device and device.name.text,
        )
        self._locate(model, self.file.name.span)
        module = ModuleOp([model])
        module.verify()
        for op, message, hint in check_weights(model):
            self._report(self.spans[op], message, hint)
        self._stop_at_mistakes()
        return module

    # Mistakes

    def _report(self, span: Span, message: str, hint: str | None = None) -> None:
        """Keep a mistake; a block that is used often has it once."""
        self.mistakes.setdefault((span, message), self.file.source.diagnose(span, message, hint))

    def _stop_at_mistakes(self) -> None:
        if self.mistakes:
            raise UserError(*sorted(self.mistakes.values(), key=lambda m: (m.line or 0, m.column or 0)))

    def _locate(self, op: Operation, span: Span) -> None:
        line, column = self.file.source.position(span.start)
        op.location = FileLineColLoc(StringAttr(self.file.source.filename), IntAttr(line), IntAttr(column))

    # Declarations

    def _only(self, statements: list[Once]) -> Once | None:
        """The one statement of a kind that may stand once."""
        for another in statements[1:]:
            self._report(another.span, "this is said twice", f"first in line {self._line(statements[0].span)}")
        return statements[0] if statements else None

    def _line(self, span: Span) -> int:
        return self.file.source.position(span.start)[0]

    def _weights(self, statement: syntax.Weights | None) -> WeightStore:
        if statement is None:
            hint = '`weights "net.safetensors"`, or `weights random(seed: 0)` to time a shape that has none yet'
            self._report(self.file.name.span, "the model does not say where its weights are", hint)
            return WeightStore.empty()
        try:
            if isinstance(origin := statement.origin, syntax.Call):
                word(origin.name, Scope(), ("random",))
                if positional := [a for a in origin.arguments if a.name is None]:
                    raise Mistake(positional[0].span, "the seed goes by its name", "`random(seed: 0)`")
                seed = named(origin.arguments, ("seed",)).get("seed")
                return WeightStore.random(0 if seed is None else integer(seed, Scope()))
            return WeightStore.from_file(self.directory / origin.text, str(self.directory / origin.text))
        except Mistake as mistake:
            self._report(mistake.span, mistake.message, mistake.hint)
        except WeightError as error:
            self._report(statement.origin.span, str(error))
        return WeightStore.empty()

    def _input(self, statement: syntax.Input) -> str:
        """Declare an input; a wrong one is known from here on, but nothing is said of what takes it."""
        name = statement.name
        value: SSAValue | None = None
        try:
            if statement.element.text != "f32":
                raise Mistake(statement.element.span, f"an input is of f32, not of '{statement.element.text}'")
            sizes = [integer(size, Scope(), 1) for size in statement.sizes.elements]
            if len(sizes) not in (2, 4):
                hint = "[1, channels, rows, columns] or [1, channels]"
                raise Mistake(statement.sizes.span, f"an input has 2 or 4 sizes, not {len(sizes)}", hint)
            if sizes[0] != 1:
                hint = "lrc compiles for one picture at a time; call the network once for each"
                raise Mistake(statement.sizes.elements[0].span, f"a batch of {sizes[0]} is not supported", hint)
            value = self.block.insert_arg(tensor(sizes), len(self.block.args))
            value.name_hint = name.text
            check_size(value)
        except Mistake as mistake:
            self._report(mistake.span, mistake.message, mistake.hint)
        except ShapeError as error:
            self._report(statement.sizes.span, str(error))
        self._define(name, value, self.top)
        return name.text

    def _define(self, name: syntax.Name, value: SSAValue | None, scope: Scope) -> None:
        if name.text in scope.layers or name.text in scope.parameters:
            self._report(name.span, f"'{name.text}' is defined already", "each layer has a name of its own")
            value = None
        scope.parameters.pop(name.text, None)
        scope.layers[name.text] = value
        scope.later.pop(name.text, None)

    def _declare_patterns(self, statement: syntax.Patterns) -> None:
        name = statement.name
        if name.text in self.patterns:
            self._report(name.span, f"pattern set '{name.text}' is declared already")
        masks: list[Mask] = []
        mistaken = False
        for element in statement.masks.elements:
            try:
                if not isinstance(element, syntax.String):
                    hint = 'such as "110/110/000"'
                    raise Mistake(element.span, f"{describe(element)} is no mask", hint)
                masks.append(Mask.parse(element.text))
                PatternSet(tuple(masks))
            except Mistake as mistake:
                mistaken = True
                self._report(mistake.span, mistake.message, mistake.hint)
            except ValueError as error:
                mistaken = True
                self._report(_mistaken_part(element), str(error))
        if not statement.masks.elements:
            self._report(statement.masks.span, "a pattern set needs at least one mask", 'such as "110/110/000"')
        self.patterns[name.text] = None if mistaken or not masks else PatternSet(tuple(masks))

    def _declare_block(self, statement: syntax.Block) -> None:
        name = statement.name
        if name.text in self.blocks or name.text in OPERATORS:
            what = "a block" if name.text in self.blocks else "an operator"
            self._report(name.span, f"there is already {what} '{name.text}'")
        names = [parameter.name.text for parameter in statement.parameters]
        for i, parameter in enumerate(statement.parameters):
            if parameter.name.text in names[:i]:
                self._report(parameter.name.span, f"there is already a parameter '{parameter.name.text}'")
        self.blocks[name.text] = Declared(statement, dict(self.blocks))

    def _outputs(self, statements: list[syntax.Output]) -> None:
        values: dict[str, SSAValue] = {}
        for statement in statements:
            name = statement.layer or statement.name
            try:
                value = layer(name, self.top)
                if value in self.block.args:
                    raise Mistake(name.span, f"'{name.text}' is an input, and no layer makes it")
                if statement.name.text in values:
                    raise Mistake(statement.name.span, f"there is already an output '{statement.name.text}'")
                values[statement.name.text] = value
            except Mistake as mistake:
                self._report(mistake.span, mistake.message, mistake.hint)
            except ReportedError:
                pass
        if not statements:
            self._report(self.file.name.span, "the model has no output", "such as `output y = fc`")
            return
        output = lr.OutputOp(list(values.values()), list(values))
        self._locate(output, statements[0].span)
        self.block.add_op(output)

    # Layers

    def _layer(self, statement: syntax.Layer, scope: Scope) -> None:
        """Build a layer, or a block's layers, and define its name."""
        value: SSAValue | None = None
        try:
            value = self._build(statement, scope)
        except Mistake as mistake:
            self._report(mistake.span, mistake.message, mistake.hint)
        except ShapeError as error:
            self._report(statement.call.span, f"{statement.call.name.text}: {error}")
        except ReportedError:
            pass
        self._define(statement.name, value, scope)

    def _build(self, statement: syntax.Layer, scope: Scope) -> SSAValue:
        name, call = scope.prefix + statement.name.text, statement.call
        fields: tuple[Node, ...] = (*call.arguments, *(statement.group.fields if statement.group else ()))
        self.count += 1
        if self.count > MOST_LAYERS:
            raise Mistake(statement.name.span, f"the network has more than {MOST_LAYERS} layers")
        if (declared := scope.blocks.get(call.name.text)) is not None:
            return self._instantiate(name, declared, call, fields, scope)
        if (operator := OPERATORS.get(call.name.text)) is not None:
            return self._operate(name, operator, statement, fields, scope)
        hint = did_you_mean(call.name.text, {**OPERATORS, **scope.blocks})
        if any(isinstance(s, syntax.Block) and s.name.text == call.name.text for s in self.file.statements):
            message = f"block '{call.name.text}' is used before it is declared"
            raise Mistake(call.name.span, message, "a block uses only those above it, not itself")
        raise Mistake(call.name.span, f"no operator or block named '{call.name.text}'", hint)

    def _operate(
        self, name: str, operator: Operator, statement: syntax.Layer, fields: Iterable[Node], scope: Scope
    ) -> SSAValue:
        """Build the operation of one layer; all its fields are looked at, however many are wrong."""
        call, fields = statement.call, tuple(fields)
        mistakes: list[Mistake] = []
        values: dict[str, object] = {}
        inputs: list[SSAValue] = []
        reported = False
        given: dict[str, Value] = {}
        for node in fields:
            try:
                if node.name is None:
                    inputs.append(layer(node.value, scope))
                    continue
                ((key, value),) = named([node], operator.fields).items()
                if key in given:
                    raise Mistake(node.span, f"'{key}' is given twice")
                given[key] = value
                values[key] = operator.fields[key].kind.read(value, scope)
            except Mistake as mistake:
                mistakes.append(mistake)
            except ReportedError:
                reported = True
        count = sum(1 for node in fields if node.name is None)
        if (count < 2) if operator.inputs is None else (count != operator.inputs):
            expected = "two or more" if operator.inputs is None else operator.inputs
            mistakes.append(Mistake(call.span, f"{operator.name} takes {_layers(expected)}, not {count}"))
        for key, spec in operator.fields.items():
            if spec.is_required and key not in given and all(m.hint != f"did you mean '{key}'?" for m in mistakes):
                mistakes.append(
                    Mistake(call.name.span, f"{operator.name} needs '{key}'", f"`{key}: …`, {spec.kind.words}")
                )
        for mistake in mistakes:
            self._report(mistake.span, mistake.message, mistake.hint)
        if mistakes or reported:
            raise ReportedError
        op = operator.build(name, *inputs, **values)
        check_size(op.output)
        op.output.name_hint = name
        self._locate(op, statement.name.span)
        self.spans[op] = statement.name.span
        self.block.add_op(op)
        return op.output

    def _instantiate(
        self, name: str, declared: Declared, call: syntax.Call, fields: Sequence[Node], scope: Scope
    ) -> SSAValue:
        """Put a block's layers in place of its call."""
        block = declared.block
        inner = Scope(f"{name}.", patterns=self.patterns, blocks=declared.blocks)
        positional = [node.value for node in fields if node.name is None]
        if len(positional) > len(block.parameters):
            message = f"block '{block.name.text}' takes {len(block.parameters)} in parentheses, not {len(positional)}"
            raise Mistake(
                call.span, message, f"its parameters are {words((p.name.text for p in block.parameters), 'and')}"
            )
        names = [parameter.name.text for parameter in block.parameters]
        given = dict(zip(names, positional, strict=False))
        for key, value in named(fields, names, "parameter").items():
            if key in given:
                raise Mistake(value.span, f"'{key}' is given twice")
            given[key] = value
        for parameter in block.parameters:
            key = parameter.name.text
            if key in given:
                inner.parameters[key] = bind(given[key], scope)
            elif parameter.default is not None:
                inner.parameters[key] = bind(parameter.default, inner)
            else:
                raise Mistake(call.span, f"block '{block.name.text}' needs '{key}'", f"`{key}: …`")
        inner.later = {each.name.text: each for each in block.layers}
        for each in block.layers:
            self._layer(each, inner)
        return layer(block.result.name, inner)


def _layers(count: int | str) -> str:
    return f"{count} layer{'' if count == 1 else 's'}"


def _mistaken_part(element: Value) -> Span:
    """Where in a mask's text the mistake is: the first character that is none of `01/`, or the row that is not as long
    as the first."""
    if not isinstance(element, syntax.String):
        return element.span
    start = element.span.start + 1
    rows = element.text.split("/")
    for i, character in enumerate(element.text):
        if character not in "01/":
            return Span(start + i, start + i + 1)
    for row in rows:
        if len(row) != len(rows[0]):
            return Span(start, start + len(row))
        start += len(row) + 1
    return element.span
