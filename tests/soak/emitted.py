"""Drawn networks through C compilers: many as one program, each buffer between pages that nobody may touch.

Every other network is one of integers, in which no number may differ; the others hold to their bounds. Compilers and
their flags change from batch to batch.
"""

import os
import random
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from batches import Batch, BatchError, named
from hypothesis import given, seed, settings
from installed import tool
from judged import Case, changes, problems
from xdsl.dialects.builtin import ModuleOp

from lrc.compilation import compiler
from lrc.execution import toolchain
from lrc.files import saved
from lrc.testing import modules
from lrc.testing.checks.reproducers import WHERE
from lrc.verification import verify
from lrc.verification.integers import draw
from soak.drawing import QUIET
from soak.slices import Slice, kind_of, signature_of

TOGETHER = 30
"""Networks of one program: so many that a compiler's start costs little."""

LAYERS = 3

STRICT = ("-Wall", "-Wextra", "-Werror", "-Wconversion", "-Wpedantic")

OPTIMIZED = ("-O0",) * 7 + ("-O1", "-O1", "-O2", "-O3")
"""Mistakes of lrc show at each: the cheapest is taken most often. `ways.py` has the others."""

CONTRACTED = ("-ffp-contract=off", "-ffp-contract=on", "-ffp-contract=fast")


def emitted(target: str) -> Callable[[Slice], None]:
    """The job that compiles networks for a target."""

    def compile_and_run(work: Slice) -> None:
        os.environ[WHERE] = "off"
        number = work.seed * 1_000_000
        while work.time_left():
            cases = list(_cases(work, number, target))
            if cases:
                _check(work, number, target, cases)
            number += 1

    return compile_and_run


def _cases(work: Slice, number: int, target: str) -> list[Case]:
    """Some networks, lowered."""
    drawn: list[ModuleOp] = []

    @seed(number)
    @settings(QUIET, max_examples=TOGETHER)
    @given(modules(LAYERS))
    def collect(module: ModuleOp) -> None:
        drawn.append(module)

    collect()
    cases: list[Case] = []
    for place, module in enumerate(drawn):
        if not work.time_left():
            break
        try:
            own = named(module, f"drawn{place}")
            network = draw(own, place // 2 % 2, number) if place % 2 else None
            inputs = verify.random_inputs(own, number) if network is None else network.inputs
            lowered = compiler.lower(network.module if network else own, target)
            cases.append(Case(lowered, dict(inputs), network))
        except Exception as error:
            if not work.is_known(signature := signature_of(error)):
                _save(work.place(number), module)
            work.fail(signature, traceback.format_exc(), number)
    return cases


def _check(work: Slice, number: int, target: str, cases: Sequence[Case]) -> None:
    """Build the networks as one program, and hold what it does against what they mean."""
    command, words = _command(target, random.Random(number))
    runner = toolchain.runner_command(target)
    folder = work.scratch / str(number)
    folder.mkdir()
    try:
        batch = Batch([case.compilation for case in cases], folder, command, runner)
    except BatchError as error:
        _clear(folder)
        if len(cases) > 1:
            for case in cases:
                _check(work, number, target, [case])
        else:
            _fail(work, number, target, f"{words[0]}: {signature_of(error)}", str(error), cases[0])
        return
    inputs = [case.inputs for case in cases]
    for case, ran, again in zip(cases, batch.run(inputs), batch.run(inputs, at_end=False), strict=True):
        for problem in [*problems(case, ran), *changes(ran, again)]:
            _fail(work, number, target, f"{words[0]}: {kind_of(problem)}", f"{' '.join(words)}: {problem}", case)
    for case in cases:
        work.count(f"networks compiled for {target}")
        work.count(f"of integers, for {target}", case.integers is not None)
    work.count(f"with {' '.join(words)}", len(cases))
    _clear(folder)


def _command(target: str, pick: random.Random) -> tuple[list[str], list[str]]:
    """A compiler and its flags, as a list of words to call and as one to show."""
    optimized, contracted = pick.choice(OPTIMIZED), pick.choice(CONTRACTED)
    if toolchain.is_foreign(target):
        found = toolchain.find_compiler(target)
        optimized = pick.choice(OPTIMIZED[2:-1])
        flags = [flag for flag in found.flags(target) if not flag.startswith(("-O", "-ffp"))]
        words = [*found.command, *flags, optimized, contracted, "-static"]
        return words, [found.name, optimized, contracted]
    name = pick.choice(("gcc", "clang-19", "clang-19"))
    machine = ["-march=native", "-Wno-psabi"] if target == "host" else []
    return [tool(name), "-std=c11", *STRICT, *machine, optimized, contracted], [name, optimized, contracted]


def _fail(work: Slice, number: int, target: str, what: str, message: str, case: Case) -> None:
    """Note a failure of a network, which is saved with the command that compiles and verifies it by itself."""
    signature = f"{target}, {what}"
    if not work.is_known(signature):
        folder = work.place(number)
        _save(folder, case.compilation.source)
        np.savez(folder / "inputs.npz", **case.inputs)  # pyright: ignore[reportArgumentType]
        command = f"lrc verify {folder}/module.mlir --input {folder}/inputs.npz --target {target}"
        (folder / "README").write_text(f"{message}\n\n{command}\n", encoding="utf-8")
    work.fail(signature, message, number)


def _save(folder: Path, module: ModuleOp) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    saved.save(module, folder / "module")


def _clear(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder)
