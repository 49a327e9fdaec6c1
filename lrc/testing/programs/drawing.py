"""A Hypothesis strategy: `.lr` texts as people write them, each with the module that it means."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Region

from lrc.dialects import lr
from lrc.testing.plain import input_shapes, up_to
from lrc.testing.programs.authors import Author
from lrc.testing.programs.meaning import Network, TooLargeError, layer, stands_for
from lrc.testing.programs.phrases import DEVICES, INPUTS, MODELS, Scope, Value
from lrc.testing.programs.texts import Style, text_of

KINDS: Final = {2: "vector", 3: "sequence", 4: "picture", 5: "volume"}
"""What an input of each rank is called."""

Arrays = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True)
class DrawnProgram:
    """The text of a `.lr` file, the module that it means, and the arrays of the file that it names: none if they
    are random. It is shown as its text."""

    text: str
    module: ModuleOp
    arrays: Arrays

    def __repr__(self) -> str:
        return self.text

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(self.text)


@st.composite
def programs(draw: st.DrawFn, layers: int = 8) -> DrawnProgram:
    """A program of about so many statements, with up to three blocks."""
    author, network, scope, environment = Author(draw), Network(), Scope(), dict[str, Any]()
    for _ in range(author.pick((1, 1, 1, 2, 3))):
        shape = draw(input_shapes())
        name = author.fresh(INPUTS, scope.taken)
        environment[name] = network.input(shape)
        scope.add(Value(name, KINDS[len(shape)]))
    inputs = {name: layer(value) for name, value in environment.items()}
    for _ in range(author.pick((2, 1, 3, 4, 0))):
        author.blocks.append(author.block())
    for _ in range(1 + draw(up_to(layers - 1))):
        step = author.step(scope)
        with suppress(TooLargeError):
            network.run(step.statement, environment)
            step.commit(scope)
    for name in inputs:
        if name in scope.unread:
            step = author.reading(scope, name)
            network.run(step.statement, environment)
            step.commit(scope)
    outputs = author.outputs(scope, inputs)
    results = [layer(stands_for(reference, environment)) for reference in outputs.values()]
    network.block.add_op(lr.OutputOp(results, list(outputs)))
    origin, store, arrays = author.store(network.arrays.values())
    name, device = author.pick(MODELS), author.pick(DEVICES)
    module = ModuleOp([lr.ModelOp(name, Region(network.block), input_names=list(inputs), weights=store, device=device)])
    lr.find_model(module).announce_weights()
    module.verify()
    style = Style(draw(up_to(2**16)))
    text = text_of(name, origin, device, inputs, author.sets, scope.statements, outputs, style)
    return DrawnProgram(text, module, arrays)
