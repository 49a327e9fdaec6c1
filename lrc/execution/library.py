"""A built network as a shared library in this process: a call costs microseconds, not the start of a program."""

from __future__ import annotations

import _ctypes
import ctypes
import os
import shutil
import threading
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lrc.backends.replacing import claimed
from lrc.diagnostics import UserError
from lrc.execution.ports import Floats, Ports
from lrc.execution.toolchain import metadata_of

ALIGNMENT = 64
"""Of the arena, in bytes; the weights are mapped, and begin with a page."""


class Library:
    """The shared library of a folder built with ``shared=True``, ready to run.

    Calls from several threads take turns, picture by picture. A child process that forks off goes on with it, and with
    threads of its own.
    """

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """Raises UserError if the folder has no such library, or other weights."""
        try:
            with claimed(folder) as (place, work):
                self.metadata = metadata_of(folder)
                self._instance = _Instance(place, self.metadata["c_name"], threads, work)
        except OSError as error:
            raise UserError.because(
                f"cannot load {folder}: {error}", hint="build it as a shared library first"
            ) from error
        self.inputs = Ports(self.metadata["inputs"])
        self.outputs = Ports(self.metadata["outputs"])
        self._close = weakref.finalize(self, self._instance.close)

    def run(self, inputs: Mapping[str, ArrayLike]) -> dict[str, Floats]:
        """Outputs by name, for one picture or several stacked along the first axis.

        Raises:
            UserError: the inputs do not fit.
            ValueError: the library is closed.
        """
        arrays = self.inputs.arrays(inputs)
        pictures = len(next(iter(arrays.values())))
        results = {name: np.empty((pictures, *shape[1:]), np.float32) for name, shape in self.outputs.shapes.items()}
        self._instance.run([*arrays.values(), *results.values()], pictures)
        return results

    def close(self) -> None:
        """Unload the library, after the picture that somebody may be running. It cannot be run any more."""
        self._close()


class _Instance:
    """A NAME_t with all that it needs: the library's code, weights, an arena, a pool of threads."""

    def __init__(self, folder: Path, name: str, threads: int, work: Path) -> None:
        """Raises OSError if the library in the folder cannot be loaded, by way of `work`; UserError for weights that it
        does not take."""
        self._name, self._threads = name, threads
        path, weights = folder / f"lib{name}.so", folder / f"{name}.lrw"
        self._weights = np.memmap(weights, np.uint8, "r") if weights.stat().st_size else np.empty(0, np.uint8)
        self._handle = _load(path, work)
        self._library = ctypes.CDLL(str(path), handle=self._handle)
        self._lock = threading.Lock()
        self._is_open = True
        self._pool = ctypes.c_void_p()
        self._process = 0
        size, arena_bytes = (self._function(it, ctypes.c_size_t)() for it in ("context_bytes", "arena_bytes"))
        self._context = _aligned(size)
        self._arena = _aligned(arena_bytes)
        status = self._function("init")(_pointer(self._context), *_span(self._arena), *_span(self._weights))
        if status:
            reason = self._explain(status)
            _ctypes.dlclose(self._handle)
            raise UserError.because(reason, filename=str(weights))
        self._run = self._function("run")
        _INSTANCES.add(self)

    def run(self, arrays: list[Floats], pictures: int) -> None:
        """Run the network on so many pictures: inputs and outputs in the order of its function.

        Others may run theirs, or close it, between one picture and the next.
        """
        places = [(array.ctypes.data, array.nbytes // max(pictures, 1)) for array in arrays]
        for picture in range(pictures):
            pointers = [ctypes.c_void_p(start + picture * step) for start, step in places]
            with self._lock:
                if not self._is_open:
                    raise ValueError(f"the network {self._name} is closed")
                if self._process != os.getpid():
                    self._start_threads()
                if status := self._run(_pointer(self._context), *pointers):
                    raise UserError.because(f"{self._name}: {self._explain(status)}")

    def close(self) -> None:
        """Stop the threads and unload the code."""
        with self._lock:
            if not self._is_open:
                return
            self._is_open = False
            self._function("pool_destroy", None)(self._pool)
            _ctypes.dlclose(self._handle)
            del self._weights, self._arena

    def after_fork(self) -> None:
        """In the child: whoever held the lock is not there to release it."""
        self._lock = threading.Lock()

    def _start_threads(self) -> None:
        """For the first run in this process."""
        if self._threads > 1:
            self._function("pool_destroy", None)(self._pool)
            self._pool = ctypes.c_void_p(
                self._function("pool_create", ctypes.c_void_p)(self._threads, ctypes.c_uint64(0))
            )
            self._function("set_threads", None)(_pointer(self._context), self._pool)
        self._process = os.getpid()

    def _explain(self, status: int) -> str:
        return self._function("strerror", ctypes.c_char_p)(status).decode()

    def _function(self, name: str, restype: Any = ctypes.c_int) -> Any:
        function = self._library[f"{self._name}_{name}"]
        function.restype = restype
        return function


_INSTANCES: weakref.WeakSet[_Instance] = weakref.WeakSet()


def _after_fork() -> None:
    for instance in _INSTANCES:
        instance.after_fork()


os.register_at_fork(after_in_child=_after_fork)


def _load(path: Path, work: Path) -> int:
    """The handle of a shared library. OSError: there is none, or it is no library.

    The system's loader takes a library for one that it has loaded if both have the same path, whatever has been built
    there since: what it gets is a copy, in `work`, with a name that no other had.
    """
    copy = shutil.copyfile(path, work / f"{path.stem}-{uuid4().hex}.so")
    try:
        return _ctypes.dlopen(str(copy), ctypes.DEFAULT_MODE)
    finally:
        copy.unlink()


def _aligned(count: int) -> NDArray[np.uint8]:
    """So many bytes."""
    memory = np.empty(count + ALIGNMENT, np.uint8)
    return memory[-memory.ctypes.data % ALIGNMENT :][:count]


def _pointer(array: NDArray[Any]) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def _span(array: NDArray[Any]) -> tuple[ctypes.c_void_p, ctypes.c_size_t]:
    return _pointer(array), ctypes.c_size_t(array.nbytes)
