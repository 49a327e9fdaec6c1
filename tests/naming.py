"""A thousand names that C, C++, CMake, the system or lrc have a use for, and programs that are called by them."""

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from installed import tool
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.ir import Block, Region

from lrc.backends.c.emit import network_of, write
from lrc.backends.c.isa import isa_of
from lrc.backends.names import api_words, model_name, program_names
from lrc.compilation import compiler
from lrc.dialects import lr
from lrc.dialects.lr.base import tensor
from lrc.dialects.values.elements import ELEMENTS
from lrc.dialects.values.machines import MACHINES
from lrc.execution import toolchain

C_WORDS = """
alignas alignof asm auto bool break case char const constexpr continue default do double else enum extern false float
for goto if inline int long nullptr register restrict return short signed sizeof static static_assert struct switch
thread_local true typedef typeof typeof_unqual union unsigned void volatile while _Alignas _Alignof _Atomic _BitInt
_Bool _Complex _Decimal128 _Generic _Imaginary _Noreturn _Static_assert _Thread_local __asm__ __attribute__ __func__
and and_eq bitand bitor catch char8_t char16_t char32_t class co_await co_return co_yield compl concept const_cast
consteval constinit decltype delete dynamic_cast explicit export final friend import module mutable namespace new
noexcept not not_eq operator or or_eq override private protected public reinterpret_cast requires static_cast template
this throw try typeid typename using virtual wchar_t xor xor_eq near far small interface main
"""
CMAKE_WORDS = """
all clean depend edit_cache help install list_install_components package package_source preinstall rebuild_cache test
ALL_BUILD ZERO_CHECK RUN_TESTS INSTALL PACKAGE debug optimized general PUBLIC PRIVATE INTERFACE STATIC ALIAS CMAKE
PROJECT Experimental Nightly Continuous bench time string stdint pthread c m
"""
ODD = ["1", "2x", "a b", "a.b", "a/b", "../a", "*/", "é", "x\n", 'a"b', "a\\", "??/", "x" * 200, "x" * 201]

SHORT = """
_ __ _x __x x_ x__ a__b a_b A_B a_B a1 A1 a_1 a_2 a-b a--b - %d x_t t T e E i I lrc LRC lrc_x lrc_hook
input output layer model input_x layer_x
"""

C_HEADERS = """
aio.h arpa/inet.h assert.h byteswap.h complex.h cpio.h ctype.h dirent.h dlfcn.h elf.h endian.h err.h errno.h error.h
execinfo.h fcntl.h features.h fenv.h float.h fmtmsg.h fnmatch.h ftw.h getopt.h glob.h grp.h iconv.h ifaddrs.h inttypes.h
iso646.h langinfo.h libgen.h limits.h link.h locale.h malloc.h math.h mqueue.h net/if.h netdb.h netinet/in.h nl_types.h
poll.h pthread.h pwd.h regex.h resolv.h sched.h search.h semaphore.h setjmp.h signal.h spawn.h stdalign.h stdarg.h
stdbool.h stddef.h stdint.h stdio.h stdlib.h string.h strings.h sys/epoll.h sys/eventfd.h sys/inotify.h sys/ioctl.h
sys/ipc.h sys/mman.h sys/msg.h sys/param.h sys/prctl.h sys/resource.h sys/select.h sys/sem.h sys/shm.h sys/socket.h
sys/stat.h sys/statvfs.h sys/syscall.h sys/sysinfo.h sys/sysmacros.h sys/time.h sys/times.h sys/types.h sys/uio.h
sys/un.h sys/utsname.h sys/vfs.h sys/wait.h syslog.h tar.h termios.h threads.h time.h uchar.h ucontext.h ulimit.h
unistd.h utime.h utmpx.h wchar.h wctype.h wordexp.h
"""
ONLY_C_HEADERS = "stdatomic.h stdnoreturn.h tgmath.h"
ONLY_CXX_HEADERS = """
algorithm any array atomic bitset chrono cmath complex condition_variable cstdint cstdio cstdlib cstring deque exception
filesystem fstream functional future iostream iterator limits list locale map memory mutex new numeric optional queue
random ratio regex set sstream stdexcept string string_view system_error thread tuple typeindex unordered_map utility
valarray variant vector
"""


def includes(names: str) -> str:
    """All of these headers that a system has."""
    return "".join(f"#if __has_include(<{name}>)\n#include <{name}>\n#endif\n" for name in names.split())


C_PRELUDE = "#define _GNU_SOURCE 1\n" + includes(C_HEADERS + ONLY_C_HEADERS)
CXX_PRELUDE = includes(ONLY_CXX_HEADERS + C_HEADERS)


def all_names() -> list[str]:
    """More than a thousand names, the same on every run on one machine: none twice, the most dangerous kinds whole."""
    kinds = [C_WORDS.split(), CMAKE_WORDS.split(), SHORT.split(), ODD, *_of_the_system(), *_of_lrc()]
    return list(dict.fromkeys(name for kind in kinds for name in kind))


def _of_the_system() -> Iterator[list[str]]:
    """What this machine's headers define: types, what stands before ends of an API's, headers, macros, functions."""
    text = preprocessed()
    types = sorted(set(re.findall(r"\b[a-z]\w*_t\b", text)))
    yield from (types, sorted({name for name, _ in ends_of_an_api(text)}))
    yield [re.sub(r"\W", "_", name.removesuffix(".h")) for name in C_HEADERS.split()]
    yield sorted(set(re.findall(r"^#define ([a-z]\w*) ", text, re.M)))
    yield sorted({name for name in re.findall(r"^#define ([A-Z]\w*) \S", text, re.M) if len(name) < 9})[::12]
    yield sorted(set(re.findall(r"^extern [\w *]+?\b([a-z]\w*) \(", text, re.M)))[::12]


def preprocessed() -> str:
    """All that the system's headers declare and define, in C."""
    command = [tool("gcc"), "-std=gnu17", "-E", "-dD", "-x", "c", "-"]
    return subprocess.run(command, input=C_PRELUDE, capture_output=True, text=True, check=True).stdout


def ends_of_an_api(text: str) -> set[tuple[str, str]]:
    """The words in a text that could be of a model's API: the model, and the rest of the word."""
    ends = re.compile(rf"([a-zA-Z]\w*)_({'|'.join(api_words())})")
    return {(found[1], found[2]) for word in set(re.findall(r"\w+", text)) if (found := ends.fullmatch(word))}


def _of_lrc() -> Iterator[list[str]]:
    """What emitted programs say themselves, with the prefix of the networks below where that belongs to it."""
    fixed = [path for path in files("lrc.backends.runtime").iterdir() if path.name.endswith((".c", ".h"))]
    preludes = [isa_of(machine).prelude(ELEMENTS.values()) for machine in MACHINES.values()]
    own = " ".join([*(path.read_text("utf-8") for path in fixed), *preludes])
    yield [f"net_{word}" for word in sorted({*api_words(), "relu", "add", "copy", "copy_arguments", "add_arguments"})]
    yield ["kernels_copy", "copy", "relu", "add", "metadata", "CMakeLists", "lrc_runtime", "lrc_bench"]
    yield [word for word in sorted(set(re.findall(r"[A-Za-z]\w+", own))) if "NAME" not in word][::8]


# programs


@dataclass(frozen=True)
class Dialect:
    """A C compiler and the standard that it is told."""

    compiler: toolchain.Compiler
    standard: str

    def __str__(self) -> str:
        return f"{self.compiler.name} -std={self.standard}"

    def command(self, *words: str | Path) -> list[str]:
        """A call that takes every warning for an error."""
        flags = ["-fno-sanitize=undefined"] if self.compiler.is_zig else []
        strict = ["-O0", "-Wall", "-Wextra", "-Werror", "-Wconversion", "-Wpedantic"]
        return [*self.compiler.command, f"-std={self.standard}", *strict, *flags, *map(str, words)]


def dialects() -> list[Dialect]:
    """gcc, clang and zig cc, each as C11 and as gnu17."""
    zig = next(found for found in toolchain.find_compilers("host") if found.is_zig)
    compilers = [toolchain.Compiler(("gcc",)), toolchain.Compiler(("clang-19",)), zig]
    return [Dialect(compiler, standard) for compiler in compilers for standard in ("c11", "gnu17")]


CXX = ("g++ -std=c++11", "g++ -std=gnu++20", "clang++-19 -std=c++17")
"""Compilers and standards of C++, in which an application may include a header."""

WAYS = 6 + len(CXX)
"""How an application with its network is built: C in all dialects, and C++."""


def call(command: Sequence[str | Path], what: str = "") -> str:
    """Runs a command that must say nothing."""
    environment = {**os.environ, **toolchain.zig_environment()}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, f"{what} {' '.join(map(str, command))[:1000]}\n{done.stdout}{done.stderr[:4000]}"
    return done.stdout


def network(model: str, inputs: Sequence[str], layers: Sequence[str], outputs: Sequence[str]) -> ModuleOp:
    """As many inputs, layers and outputs, each of one number: layers add the inputs up, outputs are all their sums."""
    block = Block(arg_types=[tensor((1, 1, 1, 1))] * len(inputs))
    sums: list[lr.LayerOp] = [lr.ActivationOp(layers[0], block.args[0], lr.Activation("relu"))]
    for layer, value in zip(layers[1:], block.args[1:], strict=True):
        sums.append(lr.AddOp(layer, sums[-1].output, value))
    block.add_ops([*sums, lr.OutputOp([layer.output for layer in sums], outputs)])
    return ModuleOp([lr.ModelOp(model, Region(block), input_names=inputs)])


def emit(module: ModuleOp, folder: Path, models: Sequence[str]) -> list[Path]:
    """A folder of C for each of the names that the network is given."""
    compilation, folders = compiler.lower(module, "c"), [folder / str(number) for number in range(len(models))]
    for model, place in zip(models, folders, strict=True):
        network_of(compilation.module).sym_name = StringAttr(model)
        write(compilation.module, place, embed_weights=True)
    return folders


def build(dialect: Dialect, folder: Path) -> Path:
    """The folder's program, every file compiled by itself."""
    name = model_name(toolchain.metadata_of(folder)["model"])
    program = folder / f"{dialect.compiler.name}-{dialect.standard}".replace(" ", "-")
    weights = f'-D{name}_lrw_path="{folder / name}.lrw"'
    call(dialect.command(weights, *sorted(folder.glob("*.c")), "-o", program, "-lm", "-pthread"), f"{folder}")
    return program


def application(model: str, inputs: Sequence[str], outputs: Sequence[str]) -> str:
    """A main function in C or C++, behind everything that the system has to say, which runs such a network."""
    names = program_names(model, inputs, outputs)
    sizes = " + ".join(f"{names.model}_{port}_elements" for port in (*names.inputs, *names.outputs))
    arguments = ", ".join([*(f"x + {i}" for i in range(len(inputs))), *(f"y + {i}" for i in range(len(outputs)))])
    return f"""
#include "{names.model}.h"

int main(void)
{{
  static {names.model}_t program;
  static float x[{len(inputs)}], y[{len(outputs)}];
  size_t bytes;
  const void *weights = {names.model}_weights(&bytes);
  void *arena = aligned_alloc(64, ({names.model}_arena_bytes() + 63) / 64 * 64);
  if ({sizes} != {len(inputs) + len(outputs)}) return 1;
  for (int i = 0; i < {len(inputs)}; i++) x[i] = (float)(i + 1);
  if ({names.model}_init(&program, arena, {names.model}_arena_bytes(), weights, bytes)) return 2;
  if ({names.model}_run(&program, {arguments})) return 3;
  for (int i = 0; i < {len(outputs)}; i++)
    if (y[i] < (float)((i + 1) * (i + 2) / 2) || y[i] > (float)((i + 1) * (i + 2) / 2)) return 4;
  free(arena);
  return 0;
}}
"""


def built_and_run(
    model: str, inputs: Sequence[str], layers: Sequence[str], outputs: Sequence[str], scratch: Path
) -> Iterator[str]:
    """Builds a network and an application of it, and runs that: once for each way, which is yielded."""
    (folder,) = emit(network(model, inputs, layers, outputs), scratch, [model])
    text, at = application(model, inputs, outputs), f"-iquote{folder}"
    (scratch / "main.c").write_text(C_PRELUDE + text, encoding="utf-8")
    (scratch / "main.cpp").write_text(CXX_PRELUDE + text, encoding="utf-8")
    name = model_name(model)
    sources = [file for file in sorted(folder.glob("*.c")) if file.name != "lrc_bench.c"]
    files = [f'-D{name}_lrw_path="{folder / name}.lrw"', at, *sources]
    program = scratch / "program"
    for dialect in dialects():
        call(dialect.command(*files, scratch / "main.c", "-o", program, "-lm", "-pthread"))
        call([program], str(dialect))
        yield str(dialect)
    objects = [scratch / f"{source.name}.o" for source in sources]
    for source, made in zip(sources, objects, strict=True):
        call([tool("gcc"), "-std=c11", *files[:2], "-c", source, "-o", made])
    for command in CXX:
        call([*cxx(command), at, scratch / "main.cpp", *objects, "-o", program, "-lm", "-pthread"])
        call([program], command)
        yield command


def check_headers(folders: Sequence[Path], scratch: Path) -> None:
    """Includes the headers of all these programs together, behind all of the system's, in C and in C++."""
    names = {toolchain.metadata_of(folder)["c_name"]: folder for folder in folders}
    text = "".join(f'#include "{folder / name}.h"\n' for name, folder in names.items())
    (scratch / "headers.c").write_text(C_PRELUDE + text, encoding="utf-8")
    (scratch / "headers.cpp").write_text(CXX_PRELUDE + text, encoding="utf-8")
    for dialect in dialects():
        call(dialect.command("-c", scratch / "headers.c", "-o", scratch / "headers.o"))
    for command in CXX:
        call([*cxx(command), "-c", scratch / "headers.cpp", "-o", scratch / "headers.o"])


def cxx(command: str) -> list[str]:
    """A compiler of C++ that takes every warning for an error, and its standard."""
    compiler_of_cxx, standard = command.split()
    return [tool(compiler_of_cxx), standard, "-Wall", "-Wextra", "-Werror", "-Wno-pragmas"]
