"""What counts as the same failure: the exit code that `lrc verify` would have, and what is wrong in words without the
names and numbers, which change while a network shrinks."""

from __future__ import annotations

import re
import shlex
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from xdsl.utils.exceptions import PassFailedException

from lrc import api
from lrc.compilation import compiler, pipelines
from lrc.diagnostics import LrcError
from lrc.execution import processes
from lrc.exit_codes import BUG_IN_LRC, INPUT_IS_WRONG, VERIFICATION_FAILED
from lrc.files import saved
from lrc.reduction.case import Case
from lrc.verification import verify

PLACEHOLDER = "{}"
"""What stands for the file of the network in a command."""


@dataclass(frozen=True)
class Failure:
    """How a network fails: the exit code (`lrc/exit_codes.py`), what kind of failure it is, and what is said of it."""

    code: int
    kind: str
    message: str

    def is_like(self, other: Failure | None) -> bool:
        """Whether another one is the same failure, maybe of other layers."""
        return other is not None and (self.code, self.kind) == (other.code, other.kind)


Test = Callable[[Case], Failure | None]
"""How a case fails; None if it does not. Raises InvalidCaseError."""


def passes_fail(case: Case) -> Failure | None:
    """How the passes of a case change what its network means, or crash."""
    module = case.module()
    try:
        passes = pipelines.parse(",".join(case.passes)).passes
        blame = verify.bisect(module, passes, compiler.make_context(), case.fed(module))
    except Exception as error:
        return crash(error)
    return None if blame is None else changed(blame)


def target_fails(target: str, *, exact: bool = False, **options: Any) -> Test:
    """How the emitted code of a case is wrong, with integers too if `exact`, or cannot be made; `options` are those of
    `lrc.compile`."""

    def test(case: Case) -> Failure | None:
        module = case.module()
        try:
            with api.compile(module, target, **options) as net:
                report = net.verify(case.fed(module))
                of_integers = net.verify_exactly() if exact else None
        except Exception as error:
            return crash(error)
        if report.passed and (of_integers is None or of_integers.passed):
            return None
        if report.passed:
            return Failure(
                VERIFICATION_FAILED, f"{target}: integers", f"{target}: with integers for weights, numbers differ"
            )
        if not report.graph.passed:
            return changed(verify.Blame(target, report.graph))
        if (layer := next((each for each in report.layers if not each.passed), None)) is not None:
            said = f"{target}: layer '{layer.layer}' ({layer.operation}): {layer.problem}"
            return Failure(VERIFICATION_FAILED, f"{target}: {layer.operation}", said)
        wrong = [output.name for output in report.outputs if not output.passed]
        return Failure(VERIFICATION_FAILED, f"{target}: outputs", f"{target}: outputs {', '.join(wrong)} are wrong")

    return test


def command_fails(command: str) -> Test:
    """Whether a command of the shell exits with 0 for the file of a case, which stands where it has `{}`."""

    def test(case: Case) -> Failure | None:
        module = case.module()
        with TemporaryDirectory(prefix="lrc-reduce-") as folder:
            path = saved.save(module, Path(folder, "case"))
            done = processes.run(["sh", "-c", filled(command, path)])
        return None if done.returncode else Failure(0, "command", f"{command} exits with 0")

    return test


def changed(blame: verify.Blame) -> Failure:
    """What a pass that changed the meaning is as a failure."""
    problems, layer = blame.found.problems, blame.layer
    kind = general(problems[0]) if problems or layer is None else f"changes {layer.operation}"
    return Failure(VERIFICATION_FAILED, f"{blame.pass_name}: {kind}", f"{blame.pass_name}: {blame.what}")


def filled(command: str, path: Path) -> str:
    """A command of the shell for the network in a file."""
    return command.replace(PLACEHOLDER, shlex.quote(str(path)))


def crash(error: Exception) -> Failure:
    """What an exception is as a failure: its type, what it says, and for a bug the function that it came from."""
    said = f"{type(error).__name__}: {error}"
    if isinstance(error, LrcError | PassFailedException):
        return Failure(INPUT_IS_WRONG, f"{type(error).__name__}: {general(str(error))}", said)
    if isinstance(error, compiler.WrongPassError):
        return Failure(BUG_IN_LRC, f"{type(error).__name__}: {general(str(error))}", said)
    frames = traceback.extract_tb(error.__traceback__)
    return Failure(BUG_IN_LRC, f"{type(error).__name__} in {frames[-1].name if frames else 'nothing'}", said)


NAMES_AND_NUMBERS = re.compile(r"""'[^']*'|"[^"]*"|\[[^\]]*\]|[\d.]+""")

WORDS = 5
"""How many words of a message tell failures apart."""


def general(message: str) -> str:
    """The first words of a message, without names and numbers."""
    return " ".join(re.findall(r"[A-Za-z-]+", NAMES_AND_NUMBERS.sub(" ", message))[:WORDS])
