"""Where every error of the command ends: what is printed, and which code it exits with.

| code | meaning                   | raised as                                                                    |
|------|---------------------------|------------------------------------------------------------------------------|
| 1    | the input is wrong        | `LrcError`, xDSL's `PassFailedException` and `ParseError`, `OSError`         |
| 2    | the command line is wrong | `click.UsageError`                                                           |
| 3    | a verification failed     | `VerificationFailed`                                                         |
| 4    | a bug in lrc              | anything else: a reproducer is written and its path printed, no traceback    |
| 128+ | a signal: 130 is Ctrl-C   | `Terminated`                                                                 |
"""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import click

from lrc.backends import signals
from lrc.exit_codes import BUG_IN_LRC, BY_SIGNAL, INPUT_IS_WRONG, VERIFICATION_FAILED


class VerificationFailed(Exception):
    """A verification that ran to its end and found a difference; its report has been printed."""


@dataclass
class Invocation:
    """One call of the command: what was typed, and what an error report needs to know of it.

    `model_text` is the text of the network once it has been read, for the reproducer, `suffix` that of its file;
    `inputs` are the files that have been read, which nothing is written over.
    """

    arguments: tuple[str, ...]
    debug: bool = False
    model_text: str | None = None
    suffix: str = ".lr"
    inputs: list[Path] = field(default_factory=list[Path])


def run_guarded(invocation: Invocation, command: Callable[[], object]) -> int:
    """Runs `command`, prints what goes wrong on standard error, and returns the exit code."""
    try:
        with signals.as_exceptions():
            code = command()
            sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return error.exit_code
    except click.UsageError as error:
        if error.ctx is not None:
            click.echo(f"{error.ctx.get_usage()}\n", err=True)
        click.echo(_coloured(error.format_message()), err=True)
        return error.exit_code
    except click.ClickException as error:
        return _complain(invocation, error.format_message())
    except signals.Terminated as end:
        with suppress(OSError):  # the terminal may have gone
            click.echo(str(end), err=True)
        return BY_SIGNAL + end.number
    except VerificationFailed:
        return VERIFICATION_FAILED
    except BrokenPipeError:
        # The reader of our output has gone (`lrc zoo vgg16 | head`): not an error, and nobody to tell.
        _drop_unwritten()
        return 0
    except OSError as error:
        _drop_unwritten()
        return _complain(invocation, _describe(error))
    except MemoryError:
        return _complain(invocation, "out of memory")
    except Exception as error:
        if (message := _explain(invocation, error)) is not None:
            return _complain(invocation, message)
        return _report_bug(invocation, error)


def _drop_unwritten() -> None:
    """Drop output that nothing takes: Python would try again at its end, and complain in words of its own."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _complain(invocation: Invocation, message: str) -> int:
    _print_traceback(invocation)
    click.echo(_coloured(message), err=True)
    return INPUT_IS_WRONG


def _print_traceback(invocation: Invocation) -> None:
    """The traceback of the error at hand, if --debug asks for it."""
    if invocation.debug:
        import traceback  # only now: `lrc --help` is waited for

        traceback.print_exc()


def _coloured(message: str) -> str:
    """`message`, which says "error:" exactly once if it says where; `click.echo` drops colours off a terminal."""
    if "error: " not in message:
        message = f"error: {message}"
    if may_colour() is False:
        return message
    return message.replace("error: ", click.style("error: ", fg="red", bold=True))


def may_colour() -> bool | None:
    """False where colours are not wanted ($NO_COLOR) or not known; None where it depends on who reads."""
    return False if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" else None


def _describe(error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"error: {os.fspath(error.filename)}: {reason}" if error.filename is not None else f"error: {reason}"


def _explain(invocation: Invocation, error: Exception) -> str | None:
    """The message of an error that the user can mend, None for one that only we can.

    Imports what the command that raised it has imported already, and so costs nothing.
    """
    from xdsl.utils.exceptions import ParseError, PassFailedException

    from lrc.diagnostics import Diagnostic, LrcError

    failed = error.__cause__ if isinstance(error, LrcError) else error
    if isinstance(failed, PassFailedException):
        return str(Diagnostic.of_error(failed, invocation.model_text))
    return str(error) if isinstance(error, (LrcError, ParseError)) else None


def _report_bug(invocation: Invocation, error: Exception) -> int:
    from lrc.cli.reproducer import command_to_reduce, write_reproducer

    _print_traceback(invocation)
    path = write_reproducer(invocation, error)
    click.echo(_coloured(f"a bug in lrc: {type(error).__name__}: {error}"), err=True)
    if (command := command_to_reduce(invocation, path)) is not None:
        click.echo(f"     = `{command}` makes it smaller", err=True)
    click.echo(f"     = please report it with the reproducer {path}", err=True)
    return BUG_IN_LRC
