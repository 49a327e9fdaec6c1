"""Emitted C, however it is compiled: no warning, no number wrong, no access outside of a buffer, no byte too many."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import compilers
import handwritten
import loader
import pytest
from batches import Batch, Ran
from careful_build import compile_with
from compilers import TARGETS, Way

from lrc.compilation import compiler

WRAPPED = ("malloc", "calloc", "aligned_alloc")


@pytest.mark.parametrize("way", compilers.pairs(compilers.all_ways()), ids=str)
def test_every_pair_of_choices(way: Way, tmp_path: Path) -> None:
    """Of target, compiler, optimization, contraction, sanitizer; all of all in `make soak`."""
    compilers.check(way, compilers.cases(way.target)[::2], tmp_path)


def test_pairs_are_few_and_all() -> None:
    ways = compilers.all_ways()
    chosen = compilers.pairs(ways)
    assert len(chosen) < len(ways) / 8
    assert {way.target for way in chosen} == set(TARGETS)
    assert any((way.compiler, way.sanitizer) == ("gcc", "thread") for way in chosen)


@pytest.mark.parametrize("buffer", ["void *arena = guarded(bytes)", "float *out0 = (float *)guarded(480)"])
def test_an_access_outside_is_seen(buffer: str, tmp_path: Path) -> None:
    """A buffer that is 64 bytes too short is one whose end is written; what the network before gave is still there."""

    class Harmed(Batch):
        def lines(self) -> Iterator[str]:
            before, found, after = "\n".join(super().lines()).rpartition(buffer)
            assert found
            yield f"{before}{buffer[:-1]} - 64){after}"

    cases, way = compilers.cases("c")[:2], Way("c", "clang-19", "-O0", "off", "")
    batch = Harmed([case.compilation for case in cases], tmp_path, way.command())
    right, wrong = batch.run([case.network.inputs for case in cases])
    assert isinstance(right, Ran) and isinstance(wrong, str) and wrong.startswith("SIGSEGV")


def test_thousands_of_runs_take_no_memory(tmp_path: Path) -> None:
    """10^4 of each: begun anew, gone on, with threads, with the caller's own; and threads started 10^3 times."""
    folder = tmp_path / "net"
    compiler.write(compilers.cases("c")[0].compilation, folder)
    flags = ["-std=c11", "-O2", *(f"-Wl,--wrap={name}" for name in WRAPPED)]
    compile_with("steady.c", folder, tmp_path / "steady", flags)
    exactly = os.environ | {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=0"}  # what a thread has freed is free
    words = [tmp_path / "steady", "10000"]
    done = subprocess.run(words, env=exactly, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(re.findall(r": 10000 runs, .* \+0 bytes, \+0 pages", done.stdout)) == 5


def test_the_loader_is_fuzzed(tmp_path: Path) -> None:
    """A sample of what `make soak` does."""
    program = loader.build(handwritten.emit(tmp_path / "model"), tmp_path)
    found = loader.fuzz(program, 1, ["-runs=100000"])
    assert not found.said, found.said
    assert found.inputs >= 100000


def test_a_wrong_loader_is_found(tmp_path: Path) -> None:
    """One that believes the file's own length reads beyond what it was given."""
    folder = handwritten.emit(tmp_path / "model")
    runtime = folder / "lrc_runtime.c"
    text = runtime.read_text()
    assert text.count("if (bytes < header.total) return") == 1
    runtime.write_text(text.replace("if (bytes < header.total) return", "if (!bytes) return"))
    found = loader.fuzz(loader.build(folder, tmp_path), 1, ["-runs=100000"])
    assert "heap-buffer-overflow" in found.said
