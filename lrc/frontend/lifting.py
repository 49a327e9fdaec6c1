"""From the syntax tree of a whole file to a module of the `lr` dialect, with its weights checked."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Region, SSAValue

from lrc.dialects import lr
from lrc.dialects.lr.weights import WeightStore
from lrc.dialects.pattern.values import PatternSet
from lrc.frontend import syntax
from lrc.frontend.building import Builder
from lrc.frontend.checking import check_weights
from lrc.frontend.declarations import read_input, read_patterns, read_weights
from lrc.frontend.mistakes import Mistake, Mistakes
from lrc.frontend.operators import OPERATORS
from lrc.frontend.scope import Declared, Scope, layer

Once = TypeVar("Once", syntax.Weights, syntax.Device)


def lift(file: syntax.File, directory: Path = Path()) -> ModuleOp:
    """The network that a file describes; file names in it are relative to `directory`.

    Raises UserError with every mistake that was found.
    """
    return _Lift(file, directory).run()


class _Lift:
    """One lift: what was declared and built so far, and what was found to be wrong."""

    def __init__(self, file: syntax.File, directory: Path) -> None:
        self.file = file
        self.directory = directory
        self.mistakes = Mistakes(file.source)
        self.builder = Builder(self.mistakes)
        self.blocks: dict[str, Declared] = {}
        self.patterns: dict[str, PatternSet | None] = {}
        all_blocks = frozenset(s.name.text for s in file.statements if isinstance(s, syntax.Block))
        self.top = Scope(patterns=self.patterns, blocks=self.blocks, all_blocks=all_blocks)

    def run(self) -> ModuleOp:
        """Lift the file, its layers first; weights are looked at only if all else is right."""
        statements = self.file.statements
        store = self._weights(self._only([s for s in statements if isinstance(s, syntax.Weights)]))
        device = self._only([s for s in statements if isinstance(s, syntax.Device)])
        inputs = [self._input(s) for s in statements if isinstance(s, syntax.Input)]
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
        self._outputs([s for s in statements if isinstance(s, syntax.Output)], inputs)
        self.mistakes.stop_if_any()
        model = lr.ModelOp(
            self.file.name.text,
            Region(self.builder.block),
            input_names=inputs,
            weights=store,
            device=device and device.name.text,
        )
        self.builder.locate(model, self.file.name.span)
        module = ModuleOp([model])
        module.verify()
        for op, message, hint in check_weights(model):
            span, calls = self.builder.places[op]
            self.mistakes.report(span, message, hint, calls)
        self.mistakes.stop_if_any()
        return module

    def _say_of_model(self, message: str, hint: str) -> None:
        self.mistakes.report(self.file.name.span, message, hint)

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

    def _input(self, statement: syntax.Input) -> str:
        value: SSAValue | None = None
        with self.mistakes.collected(statement.sizes.span):
            block = self.builder.block
            value = block.insert_arg(read_input(statement), len(block.args))
            value.name_hint = statement.name.text
        self.builder.define(statement.name, value, self.top)
        return statement.name.text

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
        names = [parameter.name.text for parameter in statement.parameters]
        for i, parameter in enumerate(statement.parameters):
            if parameter.name.text in names[:i]:
                self.mistakes.report(parameter.name.span, f"there is already a parameter '{parameter.name.text}'")
        if "weights" in names:
            place = statement.parameters[names.index("weights")].name.span
            self.mistakes.report(place, "'weights' is what every call may say", "give the parameter another name")
        exports = [export.name for export in statement.result.exports]
        for i, export in enumerate(exports):
            if export.text in [each.text for each in exports[:i]]:
                self.mistakes.report(export.span, f"there is already a result '{export.text}'")
        self.blocks[name.text] = Declared(statement, dict(self.blocks))

    def _outputs(self, statements: list[syntax.Output], inputs: list[str]) -> None:
        """End the model with its outputs; none may be called like one of the inputs."""
        values: dict[str, SSAValue] = {}
        for statement in statements:
            name = statement.layer or statement.name
            with self.mistakes.collected(name.span):
                value = layer(name, self.top)
                if value in self.builder.block.args:
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
