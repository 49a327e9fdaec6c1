"""A built network as a program of its own, run for each call; under an emulator where its code is another machine's."""

import json
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lrc.backends.staging import TemporaryFolder
from lrc.diagnostics import UserError
from lrc.dialects.values.elements import ELEMENTS
from lrc.execution.ports import Floats, Ports
from lrc.execution.toolchain import metadata_of, run_program

Tensors = dict[str, Floats]


class Program:
    """The program NAME_bench of a folder that has been built, run for each call; under qemu if need be."""

    def __init__(self, folder: Path, threads: int = 1):
        self.folder = folder
        self.threads = threads
        self.metadata = metadata_of(folder)
        self.inputs = Ports(self.metadata["inputs"])
        self.outputs = Ports(self.metadata["outputs"])

    def run(self, inputs: Mapping[str, ArrayLike]) -> Tensors:
        """Outputs by name. Several pictures, stacked along the first axis, take one process.

        Raises:
            UserError: the inputs do not fit, or the program cannot be run.
        """
        with TemporaryFolder() as scratch:
            return self._run(inputs, scratch)

    def dump(self, inputs: Mapping[str, ArrayLike]) -> tuple[Tensors, Tensors]:
        """The outputs, and what each layer made of the last picture, [channels, rows, columns] by its name.

        Raises:
            UserError: as `run`.
        """
        with TemporaryFolder() as scratch:
            outputs = self._run(inputs, scratch, "--dump", scratch)
            layers = {
                row["name"]: layer_result(row, np.fromfile(Path(scratch, f"{number}.bin"), element_type(row)))
                for number, row in enumerate(self.metadata["layers"])
            }
        return outputs, layers

    def bench(self, runs: int) -> dict[str, Any]:
        """Times as the program's ``--json`` says them: median_ms, min_ms, threads, layers.

        Raises:
            UserError: the program cannot be run.
        """
        printed = self._call(str(runs), "--json")
        return cast(dict[str, Any], json.loads(printed.splitlines()[-1]))

    def _run(self, inputs: Mapping[str, ArrayLike], scratch: str, *options: str) -> Tensors:
        source, result = f"{scratch}/input.raw", f"{scratch}/output.raw"
        pictures = self.inputs.flatten(inputs)
        try:
            pictures.tofile(source)
        except OSError as error:
            raise UserError.because(f"cannot write the input to {scratch}: {error}") from error
        self._call("--input", source, "--output", result, *options)
        elements = sum(prod(shape) for shape in self.outputs.shapes.values())
        return self.outputs.unflatten(np.fromfile(result, np.float32).reshape(-1, elements))

    def _call(self, *options: str) -> str:
        if metadata_of(self.folder) != self.metadata:
            raise UserError.because(f"another network has been compiled to {self.folder} by now")
        return run_program(self.folder, [*options, "--threads", str(self.threads)])


def element_type(row: Mapping[str, Any]) -> str:
    """What numpy calls the numbers of a layer; `row` is one of metadata's layers."""
    return ELEMENTS[row["element"]].about


def layer_result(row: Mapping[str, Any], buffer: NDArray[Any]) -> Floats:
    """A layer's result, [channels, rows, columns], out of its buffer; `row` is one of metadata's layers."""
    view = np.lib.stride_tricks.as_strided(
        buffer[row["origin"] :],
        (row["channels"], row["rows"], row["columns"]),
        tuple(buffer.itemsize * stride for stride in (row["channel_stride"], row["row_stride"], 1)),
        writeable=False,
    )
    return view.astype(np.float32)
