"""C compilers and emulators: finds them, builds an emitted folder, runs what came out."""

import importlib.util
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lrc.backends.literals import string_literal
from lrc.backends.metadata import read_metadata
from lrc.backends.replacing import claimed
from lrc.diagnostics import UserError
from lrc.dialects.values.machines import Machine
from lrc.execution.host import architecture, lacking, machine_of
from lrc.execution.processes import run, run_all

COMMON_FLAGS = ("-std=c11", "-O3", "-ffp-contract=fast")
"""For all compilers. gcc fuses no multiplication and addition under -std=c11 unless it is told to."""

SYSROOT = Path("/usr/aarch64-linux-gnu")
VERSIONED_CLANGS = tuple(f"clang-{version}" for version in range(25, 13, -1))
INSTALL = "install clang or gcc, or: pip install 'lrc[cross]'"
MEND_CC = "$CC names it; unset CC, and lrc looks for another"
INSTALL_ARM64 = "pip install 'lrc[cross]' brings one (zig); or name one in $CC"
INSTALL_QEMU = "on Debian and Ubuntu: apt install qemu-user"


@dataclass(frozen=True)
class Compiler:
    """A C compiler that makes code for one machine.

    Args:
        command: the words that every call begins with, as ``("clang", "--target=aarch64-linux-gnu")``.
        is_zig: whether it is zig cc, which names machines in its own way.
        is_static: whether programs carry their libraries with them, so that an emulator needs no others.
    """

    command: tuple[str, ...]
    is_zig: bool = False
    is_static: bool = False

    @property
    def name(self) -> str:
        """How to call it in a report: ``clang-19``, ``zig cc``."""
        return "zig cc" if self.is_zig else os.path.basename(self.command[0])

    def flags(self, target: str) -> tuple[str, ...]:
        """What the target's code wants of this compiler."""
        machine = machine_of(target)
        if self.is_zig:
            return (*COMMON_FLAGS, *machine.zig_flags, "-fno-sanitize=undefined")
        return (*COMMON_FLAGS, *machine.flags)


def is_foreign(target: str) -> bool:
    """Whether the target's code needs an emulator here: it is for another architecture."""
    machine = machine_of(target)
    return machine.architecture not in (None, architecture())


def find_compiler(target: str) -> Compiler:
    """The best C compiler for the target.

    For this machine ``$CC``, else clang, zig cc, gcc; for another arm64 machine ``$CC`` if it compiles for it, else
    zig cc, clang, gcc.

    Raises:
        LrcError: there is none.
    """
    if compiler := next(find_compilers(target), None):
        return compiler
    if is_foreign(target):
        raise UserError.because(f"no C compiler for {machine_of(target).architecture} found", hint=INSTALL_ARM64)
    raise UserError.because("no C compiler found", hint=INSTALL)


def find_compilers(target: str) -> Iterator[Compiler]:
    """All compilers for the target that there are, the best first."""
    if is_foreign(target):
        yield from _cross_compilers(f"{machine_of(target).architecture}")
    else:
        yield from _native_compilers()


def build(
    folder: Path,
    *,
    jobs: int | None = None,
    shared: bool = False,
    sanitize: str | None = None,
    compiler: Compiler | None = None,
) -> Path:
    """Builds an emitted folder and returns the program NAME_bench, which stands in it.

    Args:
        folder: as `lrc.backends.folder.write_folder` leaves it.
        jobs: how many compilers may run at once; all processors if None.
        shared: also make the library libNAME.so, of the same objects.
        sanitize: sanitizers as ``-fsanitize=`` takes them, ``address,undefined``.
        compiler: in place of what `find_compiler` finds.

    Raises:
        LrcError: the folder is not an emitted one, or there is no compiler, or it fails.
    """
    try:
        with claimed(folder) as (_, work):
            metadata = metadata_of(folder)
            name: str = metadata["c_name"]
            target: str = metadata["target"]
            compiler = compiler or find_compiler(target)
            flags = [*compiler.flags(target), *(["-fPIC"] if shared else [])]
            if sanitize:
                flags += [f"-fsanitize={sanitize}", "-fno-sanitize-recover=all", "-O0", "-g"]
            sources: list[str] = [*metadata["sources"], "lrc_bench.c"]
            program, library = folder / f"{name}_bench", folder / f"lib{name}.so"
            for output in (program, library):
                output.unlink(missing_ok=True)
            scratch = Path(tempfile.mkdtemp(dir=work))  # compilers of a killed process may still be writing to its own
            objects = [str(scratch / f"{source}.o") for source in sources]
            units = [
                [*flags, *_paths(name, folder, source), "-c", str(folder / source), "-o", made]
                for source, made in zip(sources, objects, strict=True)
            ]
            _call(compiler, units, scratch, jobs)
            links = {program: [*(["-static"] if compiler.is_static else []), *objects]}
            if shared:
                links[library] = ["-shared", *objects[:-1]]
            for output, linked in links.items():
                _call(compiler, [[*flags, *linked, "-o", str(scratch / output.name), "-lm", "-pthread"]], scratch)
                if not (scratch / output.name).exists():
                    nothing = f"{compiler.name} says nothing and makes no program"
                    raise UserError.because(nothing, hint=_mend(compiler))
            for output in links:
                os.replace(scratch / output.name, output)
    except OSError as error:
        raise UserError.because(f"cannot build in {folder}: {error.strerror}") from error
    return program


def check_float16(target: str) -> None:
    """Find out whether the compiler for a target knows the float16 of portable C.

    Raises:
        UserError: it does not, or there is none.
    """
    if machine_of(target).instructions != "scalar":
        return
    compiler = find_compiler(target)
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch, "float16.c")
        source.write_text("_Float16 twice(_Float16 x);\n_Float16 twice(_Float16 x) { return x + x; }\n", "utf-8")
        words = [*compiler.command, *compiler.flags(target), "-c", str(source), "-o", str(source.with_suffix(".o"))]
        environment = dict(zig_environment() if compiler.is_zig else os.environ)
        (done,) = run_all([words], 1, environment)
    if done.returncode:
        raise UserError.because(f"{compiler.name} has no _Float16: gcc 12 and clang 15 have", hint=_mend(compiler))


def program_command(folder: Path) -> list[str]:
    """The words that run the folder's program here, through qemu if need be.

    Raises:
        LrcError: the program has not been built, or there is no emulator.
    """
    metadata = metadata_of(folder)
    program = folder / f"{metadata['c_name']}_bench"
    if not program.is_file():
        raise UserError.because(f"{program} has not been built", hint="lrc compile --build builds it")
    return [*runner_command(metadata["target"]), os.path.abspath(program)]


def runner_command(target: str) -> list[str]:
    """The words before a program of the target's code that run it here: none, or those of an emulator.

    Raises:
        LrcError: there is no qemu, or this processor lacks what the code needs.
    """
    machine = machine_of(target)
    if is_foreign(target):
        return _emulator_command(machine)
    if not machine.is_native and (missing := lacking(machine)):
        raise UserError.because(
            f"this processor cannot run code for {machine.name}: it has no {', '.join(sorted(missing))}",
            hint="--target host is for this one",
        )
    return []


def _emulator_command(machine: Machine) -> list[str]:
    emulator = f"qemu-{machine.architecture}"
    path = next((path for name in (emulator, f"{emulator}-static") if (path := shutil.which(name))), None)
    if path is None:
        raise UserError.because(
            f"{machine.architecture} code needs an emulator here: there is no {emulator}", hint=INSTALL_QEMU
        )
    # The device's own core: what a newer one could do besides stops the program here as it would there. Old
    # emulators do not know it.
    cores = run([path, "-cpu", "help"]).stdout
    return [path, "-cpu", machine.core if machine.core in cores.split() else "max"]


def run_program(folder: Path, arguments: Sequence[str]) -> str:
    """Runs the folder's program and returns what it prints.

    Raises:
        LrcError: it cannot be run, or fails: its own words.
    """
    try:
        done = run([*program_command(folder), *arguments])
    except OSError as error:
        raise UserError.because(f"cannot run the program in {folder}: {error.strerror}") from error
    if done.returncode:
        end = f"signal {-done.returncode}" if done.returncode < 0 else f"status {done.returncode}"
        reason = done.stderr.strip() or f"it ended with {end}"
        raise UserError.because(f"the program in {folder} failed: {reason}")
    return done.stdout


def metadata_of(folder: Path) -> dict[str, Any]:
    """What the folder's metadata.json says. Raises UserError if lrc did not write it."""
    try:
        return read_metadata(folder)
    except (OSError, ValueError) as error:
        raise UserError.because(
            f"{folder} is not a folder that lrc has written", hint="lrc compile writes one"
        ) from error


def _words_of_cc() -> list[str]:
    """The command in $CC; empty if there is none."""
    try:
        return shlex.split(os.environ.get("CC", ""))
    except ValueError as error:
        raise UserError.because(f"$CC is no command: {str(error).lower()}", hint="such as CC='clang -m64'") from None


def _mend(compiler: Compiler) -> str | None:
    """What to do about a compiler that does not work, if the user chose it."""
    words = _words_of_cc()
    return MEND_CC if words and list(compiler.command[: len(words)]) == words else None


def _native_compilers() -> Iterator[Compiler]:
    if words := _words_of_cc():
        yield Compiler(tuple(words), is_zig=_is_zig(words))
    yield from (Compiler((name,)) for name in _clangs())
    if zig := _zig():
        yield Compiler(zig, is_zig=True)
    yield from (Compiler((name,)) for name in ("gcc", "cc") if shutil.which(name))


def _cross_compilers(architecture: str) -> Iterator[Compiler]:
    words = _words_of_cc()
    if words and _machine_of(words).startswith((architecture, "arm64")):
        yield Compiler(tuple(words), is_zig=_is_zig(words), is_static="android" not in _machine_of(words))
    if zig := _zig():
        yield Compiler((*zig, "-target", f"{architecture}-linux-musl"), is_zig=True, is_static=True)
    if SYSROOT.is_dir():
        yield from (Compiler((name, f"--target={architecture}-linux-gnu"), is_static=True) for name in _clangs())
    if shutil.which(gcc := f"{architecture}-linux-gnu-gcc"):
        yield Compiler((gcc,), is_static=True)


def _clangs() -> list[str]:
    return [name for name in ("clang", *VERSIONED_CLANGS) if shutil.which(name)]


def _zig() -> tuple[str, ...] | None:
    """zig cc from PyPI beside this Python, or from the system."""
    if importlib.util.find_spec("ziglang"):
        return (sys.executable, "-m", "ziglang", "cc")
    return ("zig", "cc") if shutil.which("zig") else None


def _is_zig(words: Sequence[str]) -> bool:
    return any(os.path.basename(word) in ("zig", "ziglang") for word in words)


def _machine_of(words: Sequence[str]) -> str:
    """What the compiler says it makes code for; empty if it cannot be called."""
    try:
        return run([*words, "-dumpmachine"]).stdout.strip()
    except OSError:
        return ""


def _paths(name: str, folder: Path, source: str) -> list[str]:
    """The unit that takes the weights into the program must know where they are."""
    if source != f"{name}_weights.c":
        return []
    path = f"{os.path.abspath(folder / name)}.lrw"
    in_assembly = path.replace("\\", r"\\").replace('"', r"\"")  # as a string within a string
    return [f"-D{name}_lrw_path={string_literal(in_assembly)}"]


def _call(compiler: Compiler, calls: Sequence[Sequence[str]], scratch: Path, jobs: int | None = None) -> None:
    """Calls the compiler with each of these arguments, several at once; its own temporary files go to `scratch`."""
    environment = dict(zig_environment() if compiler.is_zig else os.environ) | {"TMPDIR": str(scratch)}
    commands = [[*compiler.command, *arguments] for arguments in calls]
    try:
        outcomes = run_all(commands, jobs or os.cpu_count() or 1, environment)
    except OSError as error:
        raise UserError.because(
            f"cannot run the C compiler {compiler.command[0]}: {error.strerror}", hint=_mend(compiler) or INSTALL
        ) from error
    for done in outcomes:
        if done.returncode:
            said = "\n".join(filter(None, (f"{compiler.name} failed:", shlex.join(done.args), done.stderr.strip())))
            raise UserError.because(said, hint=_mend(compiler))


def zig_environment() -> Mapping[str, str]:
    """zig keeps what it has built, its C library first of all: in a place that can be written."""
    environment = dict(os.environ)
    caches = Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    try:
        (caches / "zig").mkdir(parents=True, exist_ok=True)
        usable = os.access(caches / "zig", os.W_OK)
    except OSError:
        usable = False
    place = str(caches / "zig" if usable else Path(tempfile.gettempdir()) / f"lrc-zig-{os.getuid()}")
    environment.setdefault("ZIG_GLOBAL_CACHE_DIR", place)
    environment.setdefault("ZIG_LOCAL_CACHE_DIR", place)
    return environment
