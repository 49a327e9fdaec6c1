"""Broken inputs for what Python reads: a result or a located error, never a traceback."""

import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any

import lrc
from lrc.testing.checks.robustness import tolerates
from soak.corpora import CORPORA, weights_whose_header_fits
from soak.mutations import Mutator
from soak.slices import Slice, signature_of

SAMPLED = 50
"""One of so many inputs is traced, to see whether it reaches a line of lrc that none did before."""

LAST = "last-input"
"""The file that holds the input that is being read: what is left if the process dies."""

PACKAGE = str(Path(lrc.__file__).parent)


def fuzzing(reader: str) -> Callable[[Slice], None]:
    """The job that fuzzes one of the readers."""

    def fuzz(work: Slice) -> None:
        random = Random(work.seed)
        mutator = Mutator(CORPORA[reader](), random, is_text=reader in ("lr", "mlir", "json"))
        lines, last = Lines(), work.place(work.seed) / LAST
        last.parent.mkdir(parents=True, exist_ok=True)
        for whole in mutator.corpus:
            lines.new(lambda whole=whole: tolerates(whole, reader))
        while work.time_left():
            data = mutator.draw()
            if reader == "safetensors" and random.random() < 0.7:
                data = weights_whose_header_fits(data)
            last.write_bytes(data)
            work.count(f"inputs: {reader}")
            try:
                if random.randrange(SAMPLED):
                    accepted = tolerates(data, reader)
                else:
                    accepted, reached = lines.new(lambda data=data: tolerates(data, reader))
                    if reached:
                        mutator.corpus.append(data)
                        work.count(f"inputs that reached new lines: {reader}")
                if accepted:
                    work.count(f"inputs that were right all the same: {reader}")
            except AssertionError as error:
                signature = signature_of(error)
                message = "" if work.is_known(signature) else traceback.format_exc()
                work.fail(signature, message, work.seed, {f"{work.outcome.counts[f'inputs: {reader}']}.{reader}": data})
        last.unlink(missing_ok=True)
        if not any(last.parent.iterdir()):
            last.parent.rmdir()

    return fuzz


class Lines:
    """The lines of lrc that were run by now."""

    def __init__(self) -> None:
        self.seen = set[tuple[str, int]]()

    def new(self, call: Callable[[], Any]) -> tuple[Any, bool]:
        """What a call returns, and whether it ran a line that none did before."""
        before = len(self.seen)
        sys.settrace(self._enter)
        try:
            result = call()
        finally:
            sys.settrace(None)
        return result, len(self.seen) > before

    def _enter(self, frame: FrameType, event: str, argument: Any) -> Any:
        return self._line if frame.f_code.co_filename.startswith(PACKAGE) else None

    def _line(self, frame: FrameType, event: str, argument: Any) -> Any:
        self.seen.add((frame.f_code.co_filename, frame.f_lineno))
        return self._line
