"""The file that a bug report needs: what was run, what went wrong, and the network that it went wrong on."""

import platform
import shlex
import tempfile
import traceback
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from lrc import __version__
from lrc.backends import staging
from lrc.cli.errors import Invocation
from lrc.diagnostics import UserError
from lrc.inputs import keep


def write_reproducer(invocation: Invocation, error: Exception) -> Path:
    """Writes a `.lr` file with the report as comments in front of the network and returns its path.

    It stands in the current directory, or among the temporary files if that cannot be written, and its name follows
    the place of the error, so that the same bug has the same file.
    """
    trace = "".join(traceback.format_exception(error))
    name = f"lrc-bug-{sha256(trace.encode()).hexdigest()[:8]}.lr"
    report = [
        f"lrc {__version__}, xdsl {version('xdsl')}, Python {platform.python_version()}, {platform.platform()}",
        shlex.join(("lrc", *invocation.arguments)),
        "",
        *trace.splitlines(),
    ]
    text = "".join(f"# {line}\n" for line in report) + (f"\n{invocation.model_text}" if invocation.model_text else "")
    for folder in (Path.cwd(), Path(tempfile.gettempdir())):
        path = folder / name
        try:
            keep(invocation.inputs, path)  # a reproducer that is tried once more
            staging.write(path, text.encode("utf-8"))
        except UserError:
            return path
        except OSError:
            continue
        return path
    return Path("(which could not be written)")
