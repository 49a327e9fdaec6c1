"""The file that a bug report needs: what was run, what went wrong, and the network that it went wrong on."""

import platform
import shlex
import tempfile
import traceback
from collections.abc import Sequence
from hashlib import sha256
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

from lrc import __version__
from lrc.backends import staging
from lrc.cli.errors import Invocation
from lrc.diagnostics import UserError
from lrc.files.inputs import keep

REDUCIBLE = ("compile", "run", "verify", "bench")
"""Commands whose bugs `lrc reduce` finds again, and their options that it knows; those with a value get theirs."""

FLAGS, OPTIONS = ("--replace-unfriendly", "--exact"), ("--target", "--threads", "--passes", "-p")


def command_to_reduce(invocation: Invocation, path: Path) -> str | None:
    """The command that makes a reproducer smaller; None if its network was not at hand, or was not to blame."""
    words = [part for word in invocation.arguments for part in word.split("=", 1 if word.startswith("--") else 0)]
    if invocation.model_text is None or invocation.suffix != ".lr" or not set(REDUCIBLE).intersection(words):
        return None
    kept = [word for word in words if word in FLAGS]
    kept += [part for name, value in pairwise(words) if name in OPTIONS for part in (name, value)]
    return shlex.join(["lrc", "reduce", str(path), *kept])


def write_reproducer(invocation: Invocation, error: Exception) -> Path:
    """Writes a `.lr` file with the report as comments in front of the network and returns its path.

    It stands in the current directory, or among the temporary files if that cannot be written, and its name follows
    the place of the error, so that the same bug has the same file.
    """
    command, text = ("lrc", *invocation.arguments), invocation.model_text or ""
    return write_text(error, command, text, invocation.inputs, invocation.suffix)


def write_text(
    error: Exception, command: Sequence[str], text: str, inputs: Sequence[Path], suffix: str = ".lr"
) -> Path:
    """The same for a text of either kind, and the command that read it and these inputs."""
    trace = "".join(traceback.format_exception(error))
    name = f"lrc-bug-{sha256(trace.encode()).hexdigest()[:8]}{suffix}"
    report = [
        f"lrc {__version__}, xdsl {version('xdsl')}, Python {platform.python_version()}, {platform.platform()}",
        shlex.join(command),
        "",
        *trace.splitlines(),
    ]
    sign = "#" if suffix == ".lr" else "//"
    content = "".join(f"{sign} {line}\n" for line in report) + (f"\n{text}" if text else "")
    for folder in (Path.cwd(), Path(tempfile.gettempdir())):
        path = folder / name
        try:
            keep(inputs, path)  # a reproducer that is tried once more
            staging.write(path, content.encode("utf-8"))
        except UserError:
            return path
        except OSError:
            continue
        return path
    return Path("(which could not be written)")
