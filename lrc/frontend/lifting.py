"""From the syntax tree of a whole file to a module of the `lr` dialect, with its weights checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from xdsl.dialects.builtin import ModuleOp, TensorType
from xdsl.ir import Block, BlockArgument, Region, SSAValue

from lrc.diagnostics import Diagnostic, did_you_mean
from lrc.dialects import lr
from lrc.dialects.elements import FloatType
from lrc.dialects.lr.base import value_name
from lrc.dialects.lr.store import WeightStore
from lrc.dialects.values.machines import FAMILIES, MACHINES
from lrc.dialects.values.patterns import PatternSet
from lrc.frontend import syntax, tunings
from lrc.frontend.building import Builder
from lrc.frontend.checking import check_weights
from lrc.frontend.declarations import read_input, read_patterns, read_weights
from lrc.frontend.mistakes import Mistake, Mistakes
from lrc.frontend.operators import OPERATORS
from lrc.frontend.scope import Declared, Scope, layer
from lrc.frontend.unused import find_unused

Once = TypeVar("Once", syntax.Weights, syntax.Device)


Warn = Callable[[Sequence[Diagnostic]], object]
"""What is told of a network's warnings, all at once, if there are any."""


def lift(file: syntax.File, directory: Path = Path(), warn: Warn = lambda warnings: None) -> ModuleOp:
    """The network that a file describes; file names in it are relative to `directory`.

    What it declares and does not use is told to `warn`, if there is anything. Raises UserError with every mistake that
    was found.
    """
    return _Lift(file, directory).run(warn)


class _Lift:
    """One lift: what was declared and built so far, and what was found to be wrong."""

    def __init__(self, file: syntax.File, directory: Path) -> None:
        self.file = file
        self.directory = directory
        self.mistakes = Mistakes(file.source)
        self.builder = Builder(self.mistakes)
        self.blocks: dict[str, Declared | None] = {}
        self.patterns: dict[str, PatternSet | None] = {}
        all_blocks = frozenset(s.name.text for s in file.statements if isinstance(s, syntax.Block))
        self.top = Scope(patterns=self.patterns, blocks=self.blocks, all_blocks=all_blocks)

    def run(self, warn: Warn) -> ModuleOp:
        """Lift the file, its layers first; weights are looked at only if all else is right, warnings if all is."""
        statements = self.file.statements
        store = self._weights(self._only([s for s in statements if isinstance(s, syntax.Weights)]))
        device = self._device(self._only([s for s in statements if isinstance(s, syntax.Device)]))
        inputs = self._inputs([s for s in statements if isinstance(s, syntax.Input)])
        if not inputs:
            self._say_of_model("the model has no input", "such as `input x: f32[1, 3, 224, 224]`")
        self.top.later = {s.name.text: s for s in statements if isinstance(s, syntax.Layer)}
        for statement in statements:
            match statement:
                case syntax.Patterns():
                    self._declare_patterns(statement)
                case syntax.Block():
                    self._declare_block(statement)
                case syntax.Layer():
                    self.builder.build(statement, self.top)
                case _:
                    pass
        self._outputs([s for s in statements if isinstance(s, syntax.Output)], set(inputs))
        self.mistakes.stop_if_any()
        model = lr.ModelOp(
            self.file.name.text,
            Region(self.builder.block),
            input_names=inputs,
            weights=store,
            device=device,
        )
        self.builder.locate(model, self.file.name.span)
        module = ModuleOp([model])
        for op, message, hint in check_weights(model):
            span, calls = self.builder.places[op]
            self.mistakes.report(span, message, hint, calls)
        for op, message in tunings.impossible(model):
            span, calls = self.builder.places[op]
            self.mistakes.report(span, f"layer '{op.layer.data}': {message}", tunings.HINT, calls)
        self.mistakes.stop_if_any()
        module.verify()
        if warnings := find_unused(self.file, model, self.builder.places):
            warn(warnings)
        return module

    def _say_of_model(self, message: str, hint: str) -> None:
        self.mistakes.report(self.file.name.span, message, hint)

    def _device(self, statement: syntax.Device | None) -> str | None:
        if statement is None:
            return None
        known = (*MACHINES, *FAMILIES)
        if (name := statement.name.text) not in known:
            hint = did_you_mean(name, known) or f"there are {', '.join(MACHINES)}"
            self.mistakes.report(statement.name.span, f"there is no device '{name}'", hint)
        return name

    def _only(self, statements: list[Once]) -> Once | None:
        """The one statement of a kind that may stand once."""
        for another in statements[1:]:
            line, _ = self.file.source.position(statements[0].span.start)
            self.mistakes.report(another.span, "this is said twice", f"first in line {line}")
        return statements[0] if statements else None

    def _weights(self, statement: syntax.Weights | None) -> WeightStore:
        if statement is None:
            hint = '`weights "net.safetensors"`, or `weights random(seed: 0)` to time a shape that has none yet'
            self._say_of_model("the model does not say where its weights are", hint)
        else:
            with self.mistakes.collected(statement.span):
                return read_weights(statement, self.directory)
        return WeightStore.empty()

    def _inputs(self, statements: list[syntax.Input]) -> list[str]:
        """Begin the model with its inputs, and return their names."""
        types: list[tuple[syntax.Name, TensorType[FloatType]]] = []
        for statement in statements:
            with self.mistakes.collected(statement.sizes.span):
                types.append((statement.name, read_input(statement)))
        self.builder.block = Block(arg_types=[type for _, type in types])
        values: dict[syntax.Span, SSAValue] = {}
        for (name, _), value in zip(types, self.builder.block.args, strict=True):
            values[name.span], value.name_hint = value, value_name(name.text)
        for statement in statements:
            self.builder.define(statement.name, values.get(statement.name.span), self.top)
        return [statement.name.text for statement in statements]

    def _declare_patterns(self, statement: syntax.Patterns) -> None:
        name = statement.name
        if name.text in self.patterns:
            self.mistakes.report(name.span, f"pattern set '{name.text}' is declared already")
        self.patterns[name.text] = read_patterns(statement, self.mistakes)

    def _declare_block(self, statement: syntax.Block) -> None:
        name = statement.name
        if name.text in self.blocks or name.text in OPERATORS:
            what = "a block" if name.text in self.blocks else "an operator"
            self.mistakes.report(name.span, f"there is already {what} '{name.text}'")
        if name.text == "repeat":
            self.mistakes.report(name.span, "'repeat' is a word of the language and cannot name a block")
        is_right = self._check_parameters(statement.parameters)
        exports = set[str]()
        for export in statement.result.exports:
            if export.name.text in exports:
                self.mistakes.report(export.name.span, f"there is already a result '{export.name.text}'")
            exports.add(export.name.text)
        self.blocks[name.text] = Declared(statement, len(self.blocks)) if is_right else None

    def _check_parameters(self, parameters: Sequence[syntax.Parameter]) -> bool:
        """Whether the parameters of a block have names of their own, and defaults that use only those before them."""
        names, before, is_right = {parameter.name.text for parameter in parameters}, set[str](), True
        for parameter in parameters:
            name = parameter.name
            if name.text in before:
                self.mistakes.report(name.span, f"there is already a parameter '{name.text}'")
                is_right = False
            for used in syntax.names_in(parameter.default):
                if used.first in names and used.first not in before:
                    message = f"the default of '{name.text}' uses '{used.first}', which has no value yet"
                    hint = "a default is made of numbers, and of the parameters to its left"
                    self.mistakes.report(used.span, message, hint)
                    is_right = False
            before.add(name.text)
            if name.text == "weights":
                self.mistakes.report(
                    name.span, "'weights' is what every call may say", "give the parameter another name"
                )
        return is_right

    def _outputs(self, statements: list[syntax.Output], inputs: set[str]) -> None:
        """End the model with its outputs; none may be called like one of the inputs."""
        values: dict[str, SSAValue] = {}
        for statement in statements:
            name = statement.layer or statement.name
            with self.mistakes.collected(name.span):
                value = layer(name, self.top)
                if isinstance(value, BlockArgument):
                    raise Mistake(name.span, f"'{name.text}' is an input, and no layer makes it")
                if statement.name.text in inputs:
                    hint = f"it needs a name of its own, such as `output {statement.name.text}_out = {name.text}`"
                    raise Mistake(statement.name.span, f"there is an input '{statement.name.text}' already", hint)
                if statement.name.text in values:
                    raise Mistake(statement.name.span, f"there is already an output '{statement.name.text}'")
                values[statement.name.text] = value
        if not statements:
            self._say_of_model("the model has no output", "such as `output y = fc`")
            return
        self.builder.add(lr.OutputOp(list(values.values()), list(values)), statements[0].span)
