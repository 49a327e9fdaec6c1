"""From the layers of the syntax tree to operations: names are looked up, blocks put in place, shapes inferred."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any, Final

from xdsl.dialects.builtin import FileLineColLoc, IntAttr, StringAttr
from xdsl.ir import Block, Operation, SSAValue

from lrc.diagnostics import did_you_mean, words
from lrc.dialects.lr.base import shape_of, value_name
from lrc.dialects.values import shapes
from lrc.frontend import syntax
from lrc.frontend.fields import named, read_prefix
from lrc.frontend.foreign import hint_for
from lrc.frontend.formatting import inline
from lrc.frontend.mistakes import Call, Calls, Mistake, Mistakes, ReportedError
from lrc.frontend.operators import OPERATORS, FieldError, Operator
from lrc.frontend.scope import LARGEST, Declared, Found, Results, Scope, bind, check_size, integer, layer, resolve
from lrc.frontend.syntax import Span

MOST_LAYERS: Final = 10_000
"""Blocks of blocks multiply; no network has more layers than this."""

DEEPEST_BLOCKS: Final = 64
"""Blocks inside blocks."""

Given = Sequence[syntax.Argument | syntax.Field]
"""What a layer's operator or block is given, in parentheses and in braces."""


@dataclass
class Builder:
    """The operations of a model so far, and which place in the text, and which calls, each comes from."""

    mistakes: Mistakes
    block: Block = field(default_factory=Block)
    places: dict[Operation, tuple[Span, Calls]] = field(default_factory=dict[Operation, tuple[Span, Calls]])
    count: int = 0

    def add(self, op: Operation, span: Span) -> None:
        """Append an operation that comes from a place in the text."""
        self.locate(op, span)
        self.places[op] = span, self.mistakes.calls
        self.block.add_op(op)

    def locate(self, op: Operation, span: Span) -> None:
        """Give an operation the location of a place in the text."""
        source = self.mistakes.source
        line, column = source.position(span.start)
        op.location = FileLineColLoc(StringAttr(source.filename), IntAttr(line), IntAttr(column))

    def define(self, name: syntax.Name, value: Found, scope: Scope) -> None:
        """Let a name stand for a value; None is for one that was wrong, of which nothing more is said."""
        if name.text in scope.layers or name.text in scope.parameters:
            self.mistakes.report(name.span, f"'{name.text}' is defined already", "each layer has a name of its own")
            value = None
        scope.parameters.pop(name.text, None)
        scope.later.pop(name.text, None)
        scope.layers[name.text] = value

    def build_all(self, layers: Sequence[syntax.Layer], scope: Scope) -> None:
        """Build the layers of a block, one after the other."""
        scope.later = {each.name.text: each for each in layers}
        for each in layers:
            self.build(each, scope)

    def build(self, statement: syntax.Layer, scope: Scope) -> None:
        """Build a layer, or a block's layers, and define its name."""
        value: Found = None
        with self.mistakes.collected(statement.call.span, f"{statement.call.name.text}: "):
            value = self._build(statement, scope) if statement.count is None else self._repeat(statement, scope)
        self.define(statement.name, value, scope)

    def _repeat(self, statement: syntax.Layer, scope: Scope) -> Found:
        """Build a call so many times, as NAME.0, NAME.1, …: each takes the one before in place of its first argument.
        The last stands for all."""
        call, value = statement.call, None
        count = 0 if statement.count is None else integer(statement.count, scope, 1, MOST_LAYERS)
        if not call.arguments:
            raise Mistake(call.span, "what is repeated takes the one before it", "such as `repeat(3) block(x)`")
        first, *others = call.arguments
        for number in range(count):
            value = self._build(replace(statement, call=call), scope, f".{number}")
            before = syntax.Name(f"{statement.name.text}.{number}", span=first.value.span)
            scope.layers[before.text] = value
            call = replace(call, arguments=(replace(first, value=before), *others))
        return value

    def _build(self, statement: syntax.Layer, scope: Scope, number: str = "") -> Found:
        """Build what one call makes; `number` is put behind its name."""
        call, name = statement.call, statement.name.text + number
        given = (*call.arguments, *(statement.group.fields if statement.group else ()))
        self.count += 1
        if self.count > MOST_LAYERS + 1:
            raise ReportedError
        if self.count > MOST_LAYERS:
            raise Mistake(statement.name.span, f"the network has more than {MOST_LAYERS} layers")
        if (declared := scope.block(call.name.text)) is not None:
            weights = [each for each in given if each.name is not None and each.name.text == "weights"]
            prefix = named(weights, ("weights",)).get("weights")
            inner = scope.inside(name, _arrays(scope, prefix and read_prefix(prefix, scope), name, number), declared)
            given = [each for each in given if each not in weights]
            with self.mistakes.inside(Call(name, statement.name.span, declared.block)):
                return self._instantiate(declared, call, given, inner, scope)
        if (operator := OPERATORS.get(call.name.text)) is not None:
            inputs, fields = self._read(operator, call, given, scope)
            if "weights" in operator.fields:
                fields["weights"] = _arrays(scope, fields.get("weights"), name, number)
            try:
                op = operator.build(scope.prefix + name, *inputs, **fields)
            except FieldError as error:
                said = next(each for each in given if each.name is not None and each.name.text == error.field)
                raise Mistake((said.value or said).span, str(error), error.hint) from None
            check_size(shape_of(op.output))
            for _, _, spec in op.weight_specs():
                if prod(spec.shape) > LARGEST:
                    what = f"weight '{spec.name}' of layer '{op.layer.data}' would be {shapes.show(spec.shape)}"
                    raise Mistake(statement.name.span, f"{what}: too many numbers")
            op.output.name_hint = value_name(op.layer.data)
            self.add(op, statement.name.span)
            return op.output
        if call.name.text in scope.all_blocks:
            message = f"block '{call.name.text}' is used before it is declared"
            raise Mistake(call.name.span, message, "a block uses only those above it, not itself")
        raise Mistake(
            call.name.span,
            f"no operator or block named '{call.name.text}'",
            lambda: hint_for(call.name.text, OPERATORS, scope.blocks),
        )

    def _read(
        self, operator: Operator, call: syntax.Call, given: Given, scope: Scope
    ) -> tuple[list[SSAValue], dict[str, Any]]:
        """An operator's inputs and fields. All are looked at, however many are wrong; then raises ReportedError."""
        inputs: list[SSAValue] = []
        fields: dict[str, Any] = {}
        reasonable = set[str]()
        layers = [each.value for each in given if isinstance(each, syntax.Argument) and each.name is None]
        for each in given:
            with self.mistakes.collected(each.span):
                if each.name is None:
                    if operator.inputs is None or len(inputs) < operator.inputs:
                        inputs.append(layer(each.value, scope))
                    continue
                name = each.name.text
                reasonable.add(_nearest(name, operator))
                value = named([each], operator.fields)[name]
                if name in fields:
                    raise Mistake(each.span, f"'{name}' is given twice")
                fields[name] = operator.fields[name].kind.read(value, scope)
        _check_count(operator, call, layers, scope)
        missing = [name for name, spec in operator.fields.items() if spec.is_required and name not in reasonable]
        for name in missing:
            hint = f"`{name}: …`, {operator.fields[name].kind.words}"
            self.mistakes.report(call.name.span, f"{operator.name} needs '{name}'", hint)
        if missing or len(inputs) + len(fields) < len(given):
            raise ReportedError
        return inputs, fields

    def _instantiate(self, declared: Declared, call: syntax.Call, given: Given, inner: Scope, scope: Scope) -> Results:
        """Put a block's layers in place of its call from `scope`."""
        block = declared.block
        if inner.depth > DEEPEST_BLOCKS:
            raise Mistake(call.span, f"blocks are nested more than {DEEPEST_BLOCKS} deep")
        names = {parameter.name.text: parameter for parameter in block.parameters}
        positional = [each.value for each in given if each.name is None]
        if len(positional) > len(names):
            message = f"block '{block.name.text}' takes {len(names)} in parentheses, not {len(positional)}"
            raise Mistake(call.span, message, f"its parameters are {words(names, 'and')}")
        values = dict(zip(names, positional, strict=False))
        for name, value in named(given, names, "parameter").items():
            if name in values:
                raise Mistake(value.span, f"'{name}' is given twice")
            values[name] = value
        for parameter in block.parameters:
            name = parameter.name.text
            if name in values:
                inner.parameters[name] = bind(values[name], scope)
            elif parameter.default is not None:
                inner.parameters[name] = bind(parameter.default, inner)
            else:
                raise Mistake(call.span, f"block '{block.name.text}' needs '{name}'", f"`{name}: …`")
        self.build_all(block.layers, inner)
        results: dict[str, SSAValue | None] = {}
        for export in block.result.exports:
            name = export.layer or export.name
            with self.mistakes.collected(name.span):
                results[export.name.text] = None
                results[export.name.text] = layer(name, inner)
        return Results(results)


def _arrays(scope: Scope, given: str | None, name: str, number: str) -> str:
    """What the names of a call's arrays begin with: what it says itself, or its own name."""
    own = name if given is None else (given + number).removeprefix(".")
    return ".".join(part for part in (scope.weights, own) if part)


def _nearest(name: str, operator: Operator) -> str:
    """The field that a name was meant to be."""
    hint = None if name in operator.fields else did_you_mean(name, operator.fields)
    return hint.split("'")[1] if hint else name


def _check_count(operator: Operator, call: syntax.Call, given: Sequence[syntax.Value], scope: Scope) -> None:
    """Raises Mistake if an operator is given more or fewer layers than it takes."""
    count = len(given)
    if (count >= 2) if operator.inputs is None else (count == operator.inputs):
        return
    expected = {None: "two or more layers", 1: "1 layer"}.get(operator.inputs, f"{operator.inputs} layers")
    beyond = given[operator.inputs :] if operator.inputs is not None else ()
    if beyond and operator.fields and not isinstance(resolve(beyond[0], scope).value, syntax.Name):
        meant = ", ".join(f"{field}: {inline(each)}" for field, each in zip(operator.fields, beyond, strict=False))
        raise Mistake(beyond[0].span, f"{operator.name} takes {expected}, all else goes by its name", f"`{meant}`")
    raise Mistake(call.span, f"{operator.name} takes {expected}, not {count}")
