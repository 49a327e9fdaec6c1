"""libFuzzer on the C that reads NAME.lrw: any bytes are refused with a code, or are weights to run with."""

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from careful_build import compile_with
from installed import tool

from lrc.execution import toolchain

FLAGS = (
    *("-std=c11", "-O1", "-g", "-fno-omit-frame-pointer", "-fsanitize=fuzzer,address,undefined"),
    *("-fno-sanitize-recover=all", "-Wall", "-Wextra", "-Werror"),
)

BETWEEN = (tool("bash"), "-c", '"$0" "$@"; exit $?')
"""A process between this one and the fuzzer: Linux counts for a child what the process that started it had, which after
many tests is more than the fuzzer may take."""


@dataclass(frozen=True)
class Fuzzed:
    """What libFuzzer did: how many inputs it ran, and, if one of them failed, what it said and the input."""

    inputs: int
    said: str = ""
    failing: bytes = b""


def build(folder: Path, scratch: Path) -> Path:
    """The fuzzer of an emitted folder's loader, as a program in `scratch`, with its corpus in `scratch`/corpus."""
    program = scratch / "fuzz_loader"
    compile_with("fuzz_loader.c", folder, program, FLAGS)
    whole = (folder / f"{toolchain.metadata_of(folder)['c_name']}.lrw").read_bytes()
    corpus = scratch / "corpus"
    corpus.mkdir()
    for how in (0, 1, 3, 7, 15, 16, 32):
        for length in (len(whole), len(whole) // 2, 64, 10, 0):
            (corpus / f"{how}-{length}").write_bytes(bytes([how]) + whole[:length])
    return program


def fuzz(program: Path, seed: int, limit: Sequence[str]) -> Fuzzed:
    """Run a fuzzer that `build` made; `limit` is one of libFuzzer's, such as `-max_total_time=60`."""
    corpus = program.parent / "corpus"
    longest = max(path.stat().st_size for path in corpus.iterdir()) + 64
    options = [f"-seed={seed}", f"-max_len={longest}", "-timeout=10", "-rss_limit_mb=1024", "-print_final_stats=1"]
    artifact = program.parent / "failing"
    words = [*BETWEEN, str(program), str(corpus), *options, f"-exact_artifact_path={artifact}", *limit]
    done = subprocess.run(words, capture_output=True, check=False)
    said = done.stderr.decode(errors="replace")
    found = re.search(r"stat::number_of_executed_units:\s+(\d+)", said)
    inputs = int(found[1]) if found else 0
    if done.returncode == 0:
        return Fuzzed(inputs)
    return Fuzzed(inputs, said[-5000:], artifact.read_bytes() if artifact.exists() else b"")
