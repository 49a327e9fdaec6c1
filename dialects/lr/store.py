"""The arrays of a network: by name, loaded when they are asked for, never in the text of the IR."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from importlib.resources import files
from math import prod
from pathlib import Path
from typing import Any, Final, Literal, Protocol, cast
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file  # pyright: ignore[reportUnknownVariableType]
from xdsl.dialects.builtin import (
    BytesAttr,
    DenseIntOrFPElementsAttr,
    Float16Type,
    Float32Type,
    IntegerType,
    Signedness,
    TensorType,
    f16,
    f32,
)
from xdsl.ir import Data
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer

from lrc.dialects.files import special
from lrc.dialects.lr.attrs import WeightAttr, WeightLike
from lrc.dialects.values.patterns import Sparsity
from lrc.dialects.values.pruning import project

Array = NDArray[Any]
Role = Literal["weight", "bias", "scale", "mean", "variance"]


EXACT: Final = frozenset({"uint8", "uint16", "uint32", "int32", "float16"})
"""What passes store, which is read back as it is; all other numbers become float32."""

FLOATS: Final = ("F16", "F32", "F64")
"""The types, as safetensors calls them, that a layer's own weights may have."""

WRITER: Final = {"written by": "lrc"}
"""What the files that `WeightStore.save` writes say of themselves: whatever says so may be written anew."""

ZOO: Final = "zoo:"
"""How the files of the networks that come with lrc begin, wherever it is installed."""


class WeightError(ValueError):
    """A file of weights that cannot be read, or an array that is not there."""


@dataclass(frozen=True)
class WeightSpec:
    """What a layer expects of one of its arrays: `role` and `sparsity` tell how random numbers are drawn for it."""

    name: str
    shape: tuple[int, ...]
    role: Role
    sparsity: Sparsity | None = None


class _SafeFile(Protocol):
    """What we use of an open safetensors file."""

    def keys(self) -> list[str]: ...
    def metadata(self) -> dict[str, str] | None: ...
    def get_tensor(self, name: str) -> Array: ...
    def get_slice(self, name: str) -> Any: ...


class WeightStore:
    """Arrays by name: those of a safetensors file (memory mapped), or random ones, or none; and those that passes put.

    Arrays are read-only: a pass makes new ones and puts them under new names. A layer's own weights are float32, into
    which what a file has is converted; integers that passes stored are read back as they are. Two stores are equal if
    they come from the same source. `path` is the file, if there is one.
    """

    def __init__(
        self,
        source: str = "none",
        file: _SafeFile | None = None,
        seed: int | None = None,
        lacks: Collection[str] = (),
        path: Path | None = None,
    ) -> None:
        self.path = path
        self._source = source
        self._file = file
        self._seed = seed
        self._lacks = frozenset(lacks)
        self._names = frozenset(file.keys()) if file else frozenset[str]()
        self._floats: set[str] = set()
        self._specs: dict[str, WeightSpec] = {}
        self._read: dict[tuple[str, WeightSpec | None, bool], Array] = {}
        self._made: dict[str, Array] = {}

    @staticmethod
    def empty() -> WeightStore:
        """A store that has nothing but what is put."""
        return WeightStore()

    @staticmethod
    def random(seed: int, lacks: Collection[str] = ()) -> WeightStore:
        """Seeded random arrays, for whatever `expect` announces; the same for the same name, shape and sparsity.

        Those that it `lacks` are not drawn: passes made them out of others, and they are gone.
        """
        names = ", ".join(f'"{name}"' for name in sorted(lacks))
        return WeightStore(f"random {seed} without [{names}]" if lacks else f"random {seed}", seed=seed, lacks=lacks)

    @staticmethod
    def from_file(path: Path, shown: str) -> WeightStore:
        """The arrays of a safetensors file, which the IR calls `shown`. Raises WeightError if it cannot be read."""
        try:
            if kind := special(path):
                raise WeightError(f"'{shown}' is {kind}: arrays are read from a file")
            path.open("rb").close()
            file = cast(_SafeFile, safe_open(path, framework="numpy"))  # pyright: ignore[reportUnknownVariableType]
        except FileNotFoundError:
            raise WeightError(f"there is no weight file '{shown}'") from None
        except OSError as error:
            raise WeightError(f"the weight file '{shown}' cannot be read: {error.strerror or error}") from None
        except SafetensorError as error:
            raise WeightError(f"'{shown}' is no whole safetensors file ({error})") from None
        return WeightStore(f'file "{shown}"', file=file, path=path)

    def overlay(self) -> WeightStore:
        """The same arrays, in a store of its own: what is put there, or announced, is not in this one."""
        over = WeightStore(self._source, self._file, self._seed, self._lacks, self.path)
        over._floats, over._specs, over._made = set(self._floats), dict(self._specs), dict(self._made)
        over._read = self._read  # whoever reads or draws one does it for both
        return over

    @property
    def source(self) -> str:
        """Where the arrays come from: `none`, `random 0` or `file "net.safetensors"`."""
        return self._source

    @property
    def shown(self) -> str | None:
        """What the IR calls the file, if there is one."""
        return None if self._file is None else self._source.removeprefix('file "').removesuffix('"')

    @property
    def seed(self) -> int | None:
        """The seed of a random store."""
        return self._seed

    @property
    def lacks(self) -> frozenset[str]:
        """The names of the arrays that a random store cannot draw: passes made them, and they are gone."""
        return self._lacks

    @property
    def is_random(self) -> bool:
        """Whether a seed, and no file, gives the numbers."""
        return self._seed is not None

    @property
    def made(self) -> frozenset[str]:
        """The names of the arrays that passes put: what the source alone does not give back."""
        return frozenset(self._made) - self._names - self._specs.keys()

    def names(self) -> tuple[str, ...]:
        """All known names, sorted."""
        return tuple(sorted(self._names | self._specs.keys() | self._made.keys()))

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def __contains__(self, name: object) -> bool:
        return name in self._made or name in self._names or name in self._specs

    def expect(self, spec: WeightSpec) -> None:
        """Announce an array of a layer: float32, and a random store draws it when asked. Raises ValueError if the same
        name was announced otherwise."""
        self._floats.add(spec.name)
        if not self.is_random or spec.name in self._made or spec.name in self._lacks:
            return
        if (known := self._specs.setdefault(spec.name, spec)) != spec:
            raise ValueError(f"weight '{spec.name}' is used as {_show(known)} and as {_show(spec)}")

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of an array, without loading it. Raises WeightError if there is none of that name."""
        if name in self._made:
            return self._made[name].shape
        if name in self._specs:
            return self._specs[name].shape
        if self._file is None or name not in self._names:
            raise self._missing(name)
        return tuple(self._file.get_slice(name).get_shape())

    def number_type(self, name: str) -> str:
        """What numpy calls the numbers of an array as it is read, without loading it. Raises WeightError if there is
        none of that name."""
        if name in self._made:
            return self._made[name].dtype.name
        if self._file is None or name in self._specs or name in self._floats:
            return "float32"
        if name not in self._names:
            raise self._missing(name)
        kind = (
            str(self._file.get_slice(name).get_dtype()).replace("U", "uint").replace("I", "int").replace("F", "float")
        )
        return kind if kind in EXACT else "float32"

    def __getitem__(self, name: str) -> Array:
        """The array of that name. Raises WeightError if there is none, or its kind of number cannot be read."""
        if (array := self._made.get(name)) is not None:
            return array
        how = name, self._specs.get(name), name in self._floats
        if (array := self._read.get(how)) is None:
            array = self._read[how] = _frozen(self._load(name))
        return array

    def put(self, name: str, array: Array) -> str:
        """Add an array and return the name it took: another one than `name` if that holds other numbers already."""
        free, count = name, 1
        while free in self:
            if np.array_equal(self[free], array) and self[free].dtype == array.dtype:
                return free
            count += 1
            free = f"{name}.{count}"
        self._made[free] = _frozen(array)
        return free

    def alone(self, names: Iterable[str]) -> WeightStore:
        """What is left of the store when only its text is: of `names`, those that passes made are gone."""
        lost = self.made.intersection(names)
        return WeightStore.random(self._seed, self._lacks | lost) if self._seed is not None and lost else self

    def save(self, path: Path, names: Iterable[str]) -> None:
        """Write the arrays of these names, and no others, as a safetensors file that `from_file` reads back exactly.

        Raises WeightError if there is none of a name, OSError if the file cannot be written.
        """
        arrays = {name: self[name] for name in sorted(set(names))}
        try:
            save_file(arrays, path, WRITER)
        except SafetensorError as error:
            raise OSError(None, str(error), str(path)) from None
        path.chmod(0o644)

    def _load(self, name: str) -> Array:
        if self._seed is not None and name in self._specs:
            return _draw(self._specs[name], self._seed)
        if self._file is None or name not in self._names:
            raise self._missing(name)
        if name in self._floats and (kind := self._file.get_slice(name).get_dtype()) not in FLOATS:
            raise WeightError(f"'{name}' holds numbers of type {kind}, not of {', '.join(FLOATS)}")
        try:
            array = self._file.get_tensor(name)
        except (SafetensorError, TypeError, AttributeError) as error:
            raise WeightError(f"'{name}' cannot be read ({error})") from None
        if array.dtype.name in EXACT and name not in self._floats:
            return array
        with np.errstate(over="ignore"):  # a number too large for float32 is found where infinite ones are
            return array.astype(np.float32, copy=False)

    def _missing(self, name: str) -> WeightError:
        return WeightError(f"the weights have no array named '{name}'; their source is {self._source}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WeightStore) and self._source == other._source

    def __hash__(self) -> int:
        return hash(self._source)


def find_file(shown: str, folder: Path) -> Path:
    """The file that a text in `folder` calls `shown`: `zoo:…` is one that comes with lrc; any other is in that folder,
    or else in the current one."""
    if shown.startswith(ZOO):
        return Path(str(files("lrc")), "zoo", shown.removeprefix(ZOO))
    beside = folder / shown
    return beside if beside.exists() else Path(shown)


def is_written_by_lrc(path: Path) -> bool:
    """Whether `WeightStore.save` wrote this file."""
    try:
        file = cast(_SafeFile, safe_open(path, framework="numpy"))  # pyright: ignore[reportUnknownVariableType]
    except (SafetensorError, OSError):
        return False
    return file.metadata() == WRITER


def _frozen(array: Array) -> Array:
    array = np.ascontiguousarray(array)
    array.setflags(write=False)
    return array


def _show(spec: WeightSpec) -> str:
    return f"{spec.role} {list(spec.shape)}" + (f" with {spec.sparsity}" if spec.sparsity else "")


def _draw(spec: WeightSpec, seed: int) -> Array:
    """Random numbers that keep a deep network's values in range: the squares of a filter's weights add up to 2, as He's
    initialization has it, pruned or not, and batch norms are near the identity."""
    numbers = np.random.default_rng(seed + crc32(spec.name.encode()))
    if spec.role in ("scale", "variance"):
        return numbers.uniform(0.5, 1.5, spec.shape).astype(np.float32)
    array = numbers.standard_normal(spec.shape, np.float32)
    if spec.role != "weight":
        return array * np.float32(0.1)
    energy = float(prod(spec.shape))
    if spec.sparsity is not None and spec.sparsity.kind in ("pattern", "connectivity"):
        array = project(array, spec.sparsity)
        energy = float(np.square(array, dtype=np.float64).sum())
    scale = np.sqrt(2 * spec.shape[0] / energy)
    return array * np.float32(f"{scale:.5g}")  # rounded, so that the order of the sum above does not show


@irdl_attr_definition
class StoreAttr(Data[WeightStore]):
    """A model's weights: `#lr.store<random 0>`, `#lr.store<file "net.safetensors">` or `#lr.store<none>`.

    Reading it opens the file: beside the text, or else in the current folder (`find_file`). A text whose arrays were
    not kept says `random 0 without ["a.bias.folded"]`: what passes made cannot be drawn again.
    """

    name = "lr.store"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> WeightStore:
        with parser.in_angle_brackets():
            start = parser.pos
            if parser.parse_optional_keyword("none"):
                return WeightStore.empty()
            if parser.parse_optional_keyword("random"):
                seed, lacks = parser.parse_integer(allow_boolean=False, allow_negative=False), list[str]()
                if parser.parse_optional_keyword("without"):
                    lacks = parser.parse_comma_separated_list(parser.Delimiter.SQUARE, parser.parse_str_literal)
                return WeightStore.random(seed, lacks)
            parser.parse_keyword("file")
            shown = parser.parse_str_literal()
            try:
                return WeightStore.from_file(find_file(shown, Path(parser.lexer.input.name).parent), shown)
            except WeightError as error:
                parser.raise_error(str(error), start, parser.pos)

    def print_parameter(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string(self.data.source)


def array_of(weight: WeightLike, store: WeightStore) -> Array:
    """The numbers of a weight, inline or by name. Raises WeightError if the store has no such name."""
    if isinstance(weight, WeightAttr):
        return store[weight.data]
    dtype, element = "float32", weight.get_element_type()
    if isinstance(element, Float16Type):
        dtype = "float16"
    if isinstance(element, IntegerType):
        dtype = f"{'u' if element.signedness.data is Signedness.UNSIGNED else ''}int{element.width.data}"
    values = np.asarray(weight.get_values(), dtype).reshape(weight.get_shape())
    return _frozen(values)


def is_at_hand(weight: WeightLike, store: WeightStore) -> bool:
    """Whether the numbers of a weight can be had: a text whose arrays were not kept names what nobody has."""
    return not isinstance(weight, WeightAttr) or weight.data in store


def inline(array: Array) -> DenseIntOrFPElementsAttr:
    """An array as an inline weight, `dense<…> : tensor<…>`."""
    kind = np.dtype(array.dtype).kind
    sign = Signedness.UNSIGNED if kind == "u" else Signedness.SIGNLESS
    floats = f16 if array.dtype == np.float16 else f32
    element = floats if kind == "f" else IntegerType(array.dtype.itemsize * 8, sign)
    data = np.ascontiguousarray(array, np.float32 if element is f32 else array.dtype)
    tensor = TensorType[Float32Type | Float16Type | IntegerType](element, list(array.shape))
    return DenseIntOrFPElementsAttr(tensor, BytesAttr(data.tobytes()))


def fingerprint(array: Array) -> str:
    """A hash of the numbers of an array, in hexadecimal: nobody finds others that have the same."""
    return blake2b(array.tobytes(), digest_size=16).hexdigest()


def derived(source: WeightLike, name: str, array: Array, store: WeightStore) -> WeightLike:
    """A weight that a pass made out of `source`: inline if that was, otherwise put into the store as `name`."""
    return WeightAttr(store.put(name, array)) if isinstance(source, WeightAttr) else inline(array)
