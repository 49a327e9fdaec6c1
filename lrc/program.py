"""A built network, to be called from Python: as a program of its own, or as a shared library."""

import ctypes
import json
import tempfile
import threading
import weakref
from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from lrc.diagnostics import UserError
from lrc.toolchain import metadata_of, run_program

Floats = NDArray[np.float32]
Tensors = dict[str, Floats]


class Ports:
    """Names and shapes of a network's inputs or outputs, in the order of its C function."""

    def __init__(self, described: Sequence[Mapping[str, Any]]):
        self.shapes: dict[str, tuple[int, ...]] = {port["name"]: tuple(port["shape"]) for port in described}

    def flatten(self, tensors: Mapping[str, NDArray[Any]]) -> Floats:
        """Pictures x floats: for each picture all ports in order.

        Tensors have the port's shape, or N where that begins with 1.

        Raises:
            LrcError: a tensor is missing or unknown, or its shape does not fit.
        """
        if tensors.keys() != self.shapes.keys():
            raise UserError.because(
                f"the network takes {', '.join(self.shapes)}; given: {', '.join(tensors) or 'nothing'}"
            )
        columns: list[Floats] = []
        for name, shape in self.shapes.items():
            tensor = np.asarray(tensors[name], np.float32)
            if tensor.shape != shape and tensor.shape[1:] != shape[1:]:
                raise UserError.because(f"input {name} must have the shape {list(shape)}, not {list(tensor.shape)}")
            columns.append(tensor.reshape(-1, prod(shape)))
        if len({len(column) for column in columns}) > 1:
            raise UserError.because("all inputs must have as many pictures")
        return np.concatenate(columns, axis=1)

    def unflatten(self, pictures: Floats) -> Tensors:
        """The inverse of `flatten`; pictures are stacked where a shape begins with 1."""
        ends = np.cumsum([prod(shape) for shape in self.shapes.values()])[:-1]
        parts = np.split(pictures, ends, axis=1)
        return {
            name: part.reshape(-1, *shape[1:]) for (name, shape), part in zip(self.shapes.items(), parts, strict=True)
        }


class Program:
    """The program NAME_bench of a folder that has been built, run for each call; under qemu if need be."""

    def __init__(self, folder: Path, threads: int = 1):
        self.folder = folder
        self.threads = threads
        self.metadata = metadata_of(folder)
        self.inputs = Ports(self.metadata["inputs"])
        self.outputs = Ports(self.metadata["outputs"])

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> Tensors:
        """Outputs by name. Several pictures, stacked along the first axis, take one process.

        Raises:
            LrcError: the inputs do not fit, or the program cannot be run.
        """
        with tempfile.TemporaryDirectory(prefix="lrc-") as scratch:
            return self._run(inputs, scratch)

    def dump(self, inputs: Mapping[str, NDArray[Any]]) -> tuple[Tensors, Tensors]:
        """The outputs, and what each layer made of the last picture, [channels, rows, columns] by its name.

        Raises:
            LrcError: as `run`.
        """
        with tempfile.TemporaryDirectory(prefix="lrc-") as scratch:
            outputs = self._run(inputs, scratch, "--dump", scratch)
            layers = {
                row["name"]: layer_result(row, np.fromfile(Path(scratch, f"{number}.bin"), np.float32))
                for number, row in enumerate(self.metadata["layers"])
            }
        return outputs, layers

    def bench(self, runs: int) -> dict[str, Any]:
        """Times as the program's ``--json`` says them: median_ms, min_ms, threads, layers."""
        printed = run_program(self.folder, [str(runs), "--threads", str(self.threads), "--json"])
        return cast(dict[str, Any], json.loads(printed.splitlines()[-1]))

    def _run(self, inputs: Mapping[str, NDArray[Any]], scratch: str, *options: str) -> Tensors:
        source, result = f"{scratch}/input.raw", f"{scratch}/output.raw"
        pictures = self.inputs.flatten(inputs)
        try:
            pictures.tofile(source)
        except OSError as error:
            raise UserError.because(f"cannot write the input to {scratch}: {error}") from error
        run_program(self.folder, ["--input", source, "--output", result, "--threads", str(self.threads), *options])
        elements = sum(prod(shape) for shape in self.outputs.shapes.values())
        return self.outputs.unflatten(np.fromfile(result, np.float32).reshape(-1, elements))


def layer_result(row: Mapping[str, Any], buffer: Floats) -> Floats:
    """A layer's result, [channels, rows, columns], out of its buffer; `row` is one of metadata's layers."""
    view = np.lib.stride_tricks.as_strided(
        buffer[row["origin"] :],
        (row["channels"], row["rows"], row["columns"]),
        tuple(buffer.itemsize * stride for stride in (row["channel_stride"], row["row_stride"], 1)),
        writeable=False,
    )
    return view.copy()


class _Context(ctypes.Structure):
    """NAME_t of the emitted header."""

    _fields_ = [
        ("arena", ctypes.c_void_p),
        ("weights", ctypes.c_void_p),
        ("parallel_for", ctypes.c_void_p),
        ("pool", ctypes.c_void_p),
        ("hook", ctypes.c_void_p),
        ("hook_user", ctypes.c_void_p),
        ("layer_began", ctypes.c_uint64),
    ]


class SharedProgram:
    """The shared library of a folder built with ``shared=True``, in this process. Calls from threads take turns."""

    def __init__(self, folder: Path, threads: int = 1):
        self.metadata = metadata_of(folder)
        self.inputs = Ports(self.metadata["inputs"])
        self.outputs = Ports(self.metadata["outputs"])
        self._name: str = self.metadata["c_name"]
        path = folder / f"lib{self._name}.so"
        try:
            self._library = ctypes.CDLL(str(path.absolute()))
            self._weights = np.memmap(folder / f"{self._name}.lrw", np.uint8, "r")
        except (OSError, ValueError) as error:
            raise UserError.because(
                f"cannot load {path}: {error}", hint="build the folder as a shared library first"
            ) from error
        self._lock = threading.Lock()
        self._context = _Context()
        arena_bytes = self._call("arena_bytes", restype=ctypes.c_size_t)
        memory = np.empty(arena_bytes + 64, np.uint8)
        self._arena = memory[-memory.ctypes.data % 64 :][:arena_bytes]
        self._check(self._call("init", ctypes.byref(self._context), *_span(self._arena), *_span(self._weights)), path)
        if threads > 1:
            pool = ctypes.c_void_p(self._call("pool_create", threads, ctypes.c_uint64(0), restype=ctypes.c_void_p))
            self._call("set_threads", ctypes.byref(self._context), pool, restype=None)
            weakref.finalize(self, self._function("pool_destroy", None), pool)

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> Tensors:
        """Outputs by name, for one picture or several stacked along the first axis.

        Raises:
            LrcError: the inputs do not fit.
        """
        pictures = self.inputs.flatten(inputs)
        results = np.empty((len(pictures), sum(prod(shape) for shape in self.outputs.shapes.values())), np.float32)
        with self._lock:
            for picture, result in zip(pictures, results, strict=True):
                pointers = [*_pointers(picture, self.inputs), *_pointers(result, self.outputs)]
                self._check(self._call("run", ctypes.byref(self._context), *pointers), self._name)
        return self.outputs.unflatten(results)

    def _function(self, name: str, restype: Any) -> Any:
        function = self._library[f"{self._name}_{name}"]
        function.restype = restype
        return function

    def _call(self, name: str, *arguments: Any, restype: Any = ctypes.c_int) -> Any:
        return self._function(name, restype)(*arguments)

    def _check(self, status: int, what: object) -> None:
        if status:
            raise UserError.because(f"{what}: {self._call('strerror', status, restype=ctypes.c_char_p).decode()}")


def _span(array: NDArray[Any]) -> tuple[ctypes.c_void_p, ctypes.c_size_t]:
    return ctypes.c_void_p(array.ctypes.data), ctypes.c_size_t(array.nbytes)


def _pointers(row: Floats, ports: Ports) -> list[ctypes.c_void_p]:
    """Where each port's floats begin in a row of all of them."""
    begins = np.cumsum([0, *(prod(shape) for shape in ports.shapes.values())])[:-1]
    return [ctypes.c_void_p(row.ctypes.data + 4 * int(begin)) for begin in begins]
