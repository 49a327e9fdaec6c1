"""The command `lrc`.

Each subcommand is a module of this package, imported when it is called: `lrc --help` and shell completion load neither
xDSL nor numpy. Exit codes: 0 fine, 1 the input is wrong, 2 the command line is wrong, 3 a verification failed, 4 a bug
in lrc, 130 Ctrl-C, 143 SIGTERM.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from lrc import __version__
from lrc.cli.errors import Invocation, may_colour, run_guarded
from lrc.cli.group import LazyGroup

EPILOG = """\b
Examples:
  lrc check net.lr                          is it right? all errors at once
  lrc compile zoo:vgg16 --target neon       C with NEON intrinsics in build/neon/vgg16
  lrc run net.lr --input x.npy              compile, run on this machine
  lrc verify zoo:resnet18 --target neon     against the float64 reference, NEON under qemu

\b
F is a .lr file, zoo:NAME for a network that comes with lrc, or - for standard input; or NAME.mlir, a level that
`lrc compile --emit` wrote, which commands that compile go on from.
Every report has --json. Shell completion: lrc completion --help.
"""


@click.group(
    cls=LazyGroup,
    commands_by_module={
        "check": ("lrc.cli.check", "Parse, infer shapes, check weights and sparsity; all errors at once."),
        "fmt": ("lrc.cli.fmt", "Rewrite .lr files in the one canonical layout."),
        "compile": ("lrc.cli.compile", "Compile a network to C for a target."),
        "run": ("lrc.cli.run", "Compile a network and run it on an input."),
        "verify": ("lrc.cli.verify", "Run every layer against the float64 reference."),
        "reduce": ("lrc.cli.reduce", "Shrink a network that fails to a few lines."),
        "bench": ("lrc.cli.bench", "Compile a network and time it."),
        "zoo": ("lrc.cli.zoo", "List, or print, the networks that come with lrc."),
        "completion": ("lrc.cli.completion", "Print the completion script of a shell."),
    },
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110, "color": may_colour()},
)
@click.version_option(__version__, "-V", "--version", message="lrc %(version)s")
@click.option("--debug", is_flag=True, help="Show the Python traceback of an error.")
@click.pass_obj
def cli(invocation: Invocation, debug: bool) -> None:
    """The layer-wise representation compiler: makes pruned neural networks fast on phones."""
    invocation.debug = debug


def _prepare_streams() -> None:
    """Python has None for a standard stream that the caller closed (`lrc zoo >&-`): nothing comes in or goes out.
    A character that the caller's encoding lacks becomes a question mark."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115
    if reconfigure := getattr(sys.stdout, "reconfigure", None):
        reconfigure(errors="replace")


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point of `lrc`: runs one command and exits with its code."""
    _prepare_streams()
    if "_LRC_COMPLETE" in os.environ:
        import_module("lrc.cli.completion")  # a shell asks: let click know our ways
    invocation = Invocation(tuple(sys.argv[1:] if arguments is None else arguments))
    sys.exit(
        run_guarded(
            invocation,
            lambda: cli.main(list(invocation.arguments), prog_name="lrc", obj=invocation, standalone_mode=False),
        )
    )
