"""The names of an emitted program. What the author of a network calls a thing keeps its spelling where that is safe:

1. Every run of characters that are no ASCII letters or digits becomes one underscore, and none stands at the ends.
2. A name that is empty then, begins with a digit, or could mean something else where it stands gets its role in front:
   the input `double` is `input_double` in C, the model `time` is `model_time`, because `time_t` is the system's.
3. Of two equal names the second gets a number: `x`, `x_1`.

A model's name begins every name of its API; alone it stands for files and for a target of CMake. Inputs, outputs and
layers are parameters and variables of functions: a keyword, a macro, or what these functions use themselves could come
between. All that they use of lrc's begins with the model's name, or is in `OWN`; macros begin with a capital, as the
system's do, or are in reserved.txt.
"""

import hashlib
import re
from collections.abc import Collection, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import translate
from functools import cache
from importlib.resources import files

LONGEST = 80
"""Characters of a name: two of them make the name of a file."""

OWN = frozenset({"m", "arguments"})
"""What the functions that run a network call their own parameters and variables."""


class Names:
    """The names of the variables of a C function: legal, close to what they stand for, and none twice.

    Args:
        role: what a name gets in front if it cannot stand as it is.
        own: names that the function uses itself.
        prefix: how other names begin that it uses.
    """

    def __init__(self, role: str, own: Collection[str] = (), prefix: str = "lrc_") -> None:
        self.role, self.own, self.prefix = role, frozenset(own), prefix
        self.used: dict[str, str | None] = {}  # name -> the spelling that it was made of
        self.given: dict[str, int] = {}  # spelling -> how many names were made of it

    def fresh(self, hint: str | None) -> str:
        """A name close to `hint` that is not in use: `x`, `x_1`, and so on."""
        spelled = self.spelled(plain(hint or "t"))
        number = self.given.get(spelled, 0)
        name = distinct(spelled, self.used, number)
        self.used[name], self.given[spelled] = spelled, number + 1
        return name

    def spelled(self, name: str) -> str:
        """A name of letters, digits and underscores as it can stand in the function."""
        begins_well = name[:1].islower() and not f"{name}_".startswith(("lrc_", self.prefix))
        if begins_well and not name.endswith("_t") and name not in self.own and not is_reserved(name, "anywhere"):
            return name
        return f"{self.role}_{name}".rstrip("_")

    @contextmanager
    def scope(self) -> Generator[None]:
        """A block of C: the names given inside are free again behind it."""
        outside = len(self.used)
        yield
        while len(self.used) > outside:
            _, spelled = self.used.popitem()
            if spelled is not None:
                self.given[spelled] -= 1


@dataclass(frozen=True)
class ProgramNames:
    """The table of a program: what its model, inputs and outputs, in order, and kernels, by symbol, are called in C."""

    model: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    kernels: Mapping[str, str]

    @property
    def parameters(self) -> list[str]:
        """The inputs and outputs as a function of the program declares them."""
        return [*(f"const float *{name}" for name in self.inputs), *(f"float *{name}" for name in self.outputs)]

    def variables(self) -> Names:
        """The names of the variables of the function that runs the network, beside its parameters."""
        names = Names("layer", OWN, f"{self.model}_")
        names.used.update(dict.fromkeys((*self.inputs, *self.outputs)))
        return names


def program_names(
    model: str, inputs: Iterable[str], outputs: Iterable[str], kernels: Iterable[str] = ()
) -> ProgramNames:
    """The table of a program in which things are called like this."""
    name = model_name(model)
    taking, giving = Names("input", OWN, f"{name}_"), Names("output", OWN, f"{name}_")
    giving.used = taking.used  # they are parameters of one function
    return ProgramNames(
        name,
        tuple(taking.fresh(each) for each in inputs),
        tuple(giving.fresh(each) for each in outputs),
        kernel_names(kernels, name),
    )


def model_name(name: str) -> str:
    """What the names of a model's API begin with, and its files are called."""
    text = plain(name)
    is_lrcs = f"{text}_".lower().startswith(("lrc_", "input_", "output_", "layer_"))
    if text[:1].isalpha() and not is_lrcs and not is_reserved(text, "anywhere") and not is_reserved(text, "models"):
        return text
    return f"model_{text}".rstrip("_")


def kernel_names(symbols: Iterable[str], model: str = "") -> dict[str, str]:
    """Kernels as C functions, each of which also names its file: in small letters, since some disks know no others."""
    names, taken = dict[str, str](), {f"{model}_{word.lower()}" for word in api_words()}
    for symbol in symbols:
        text = plain(symbol).lower() or "kernel"
        names[symbol] = distinct(f"{model}_{text}" if model else Names("kernel").spelled(text), taken)
        taken.add(names[symbol])
    return names


def distinct(name: str, used: Collection[str], number: int = 0) -> str:
    """The name, with a number if it is in use: the least, where those below `number` are known to be."""
    result = f"{name}_{number}" if number else name
    while result in used:
        number += 1
        result = f"{name}_{number}"
    return result


@cache
def plain(name: str) -> str:
    """The name in letters, digits and single underscores: empty if it has nothing of the kind; a long one cut short."""
    text = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")
    if len(text) <= LONGEST:
        return text
    return f"{text[: LONGEST - 9].rstrip('_')}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"


@cache
def is_reserved(name: str, where: str) -> bool:
    """Whether reserved.txt has the name under `where`: "anywhere", or "models" for what begins an API."""
    return bool(_reserved()[where].fullmatch(name))


@cache
def _reserved() -> dict[str, re.Pattern[str]]:
    words: dict[str, list[str]] = {}
    for section in re.split(r"^\[", files("lrc.backends").joinpath("reserved.txt").read_text("utf-8"), flags=re.M)[1:]:
        head, *lines = section.splitlines()
        words.setdefault(head.split("]")[0], []).extend(" ".join(lines).split())
    return {where: re.compile("|".join(map(translate, listed)), re.IGNORECASE) for where, listed in words.items()}


@cache
def api_words() -> frozenset[str]:
    """What the texts in ``runtime/`` put behind ``NAME_``."""
    texts = [
        path.read_text("utf-8") for path in files("lrc.backends.runtime").iterdir() if path.name[-2:] in (".c", ".h")
    ]
    return frozenset(re.findall(r"(?<![A-Za-z0-9])NAME_(\w+)", "".join(texts)))
