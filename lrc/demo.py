"""What `make demo` shows: a pruned VGG-16 on its way to the phone, and handwritten digits read by the code for it."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from lrc import __version__, api, interpreters, zoo
from lrc.cli.console import bytes_text, count_text
from lrc.cli.errors import Invocation, VerificationFailed, run_guarded
from lrc.compilation import compiler
from lrc.compilation.report import Report
from lrc.execution.host import machine_at_hand
from lrc.execution.toolchain import is_foreign
from lrc.verification.verify import random_inputs

RUNS = 20
SHADES = " ░▒▓█"


@dataclass(frozen=True)
class Timing:
    """How the host's code did: the compilation's report, the median time of a run, and the verification in words."""

    report: Report
    median_ms: float
    verified: str
    passed: bool


def main() -> None:
    """Show it, with the errors and exit codes of the command."""
    invocation = Invocation(("demo",))
    sys.exit(run_guarded(invocation, show))


def show() -> None:
    """Compile, run, verify, classify; then say what happened. Raises VerificationFailed if something came out wrong."""
    console = Console(highlight=False, width=min(Console().width, 100))
    console.print(f"[bold]lrc {__version__}[/]: a pruned VGG-16, from a .lr file that you can read to C for a phone\n")
    with steps(console) as step:
        module = api.load("zoo:vgg16")
        step("compiling vgg16 for neon")
        neon = compiler.lower(module, "neon", progress=lambda name: step(f"neon: {name}"))
        compiler.write(neon, Path("build/neon/vgg16"))
        host = time_on_host(step)
    console.print(facts(neon.report, host))
    with steps(console) as step:
        digits, same = classify_digits(step, console.width)
    console.print(digits)
    console.print(
        "\nLook at [bold]build/neon/vgg16[/], or go on with [bold]lrc zoo resnet18[/], [bold]lrc compile --help[/]."
    )
    if not (host.passed and same):
        raise VerificationFailed


@contextmanager
def steps(console: Console) -> Generator[compiler.Progress]:
    """Says what is being done while it is done: a spinner on a terminal, nothing elsewhere."""
    if not console.is_terminal:
        yield lambda what: None
        return
    with console.status("lifting") as status:
        yield status.update


def time_on_host(step: compiler.Progress) -> Timing:
    """Compile VGG-16 for this machine, time it, and verify each layer."""
    module = api.load("zoo:vgg16")
    with api.compile(module, "host", folder=Path("build/host/vgg16"), progress=lambda n: step(f"host: {n}")) as net:
        step(f"running {RUNS} times")
        times = net.bench(RUNS)
        step("verifying every layer against the float64 reference")
        found = net.verify(random_inputs(module))
        worst = f", the worst uses {found.worst.ratio:.0%} of its own" if found.worst else ""
        within = sum(layer.passed for layer in found.layers)
        verified = f"{within} of {len(found.layers)} layers within their error bounds{worst}"
        return Timing(net.report, times["median_ms"], verified, found.passed)


def facts(neon: Report, host: Timing) -> Panel:
    """What the compiler did to VGG-16."""
    fkw, csr = (neon.total(size, pruned_only=True) for size in ("fkw_bytes", "csr_bytes"))
    weights, executed = (neon.total(count, pruned_only=True) for count in ("weights", "executed"))
    table = Table.grid(padding=(0, 2))
    table.add_column(style="cyan", no_wrap=True)
    table.add_column()
    table.add_row("layers", f"{neon.layers_written} written, {neon.layers_fused} fused into others")
    table.add_row(
        "pruned weights",
        f"{count_text(executed)} of {count_text(weights)} executed: one in {weights / max(executed, 1):.1f}",
    )
    table.add_row("stored as FKW", f"{bytes_text(fkw)}, {1 - fkw / max(csr, 1):.0%} less than CSR's {bytes_text(csr)}")
    before_and_after = f"neon {loads(neon)}, {machine_at_hand().name} {loads(host.report)}"
    table.add_row("vector loads", f"{before_and_after} for each multiplication, by load redundancy elimination")
    table.add_row(
        "memory to run in",
        f"{bytes_text(neon.arena_bytes)}; its tensors alone take {bytes_text(neon.live_bytes)}",
    )
    table.add_row("compiled in", f"{neon.seconds:.1f} s for neon, {host.report.seconds:.1f} s for this machine")
    table.add_row("runs in", f"[bold]{host.median_ms:.1f} ms[/] on one thread of this machine")
    table.add_row("verified", Text(host.verified, style="green" if host.passed else "bold red"))
    return Panel(table, title="vgg16", title_align="left")


def loads(report: Report) -> str:
    """Vector loads for each vector multiplication in the pruned layers, before and after LRE."""
    before, after, multiplications = (
        report.total(count, pruned_only=True) for count in ("loads_before", "loads_after", "multiplications")
    )
    many = max(multiplications, 1)
    return f"{before / many:.2f} → {after / many:.2f}"


def classify_digits(step: compiler.Progress, width: int) -> tuple[Panel, bool]:
    """Read the held-out digits with the code for this machine, with the NEON code, and with the reference; whether all
    give the same answers."""
    module = api.load("zoo:digits")
    with np.load(zoo.path("digits").with_name("digits-test.npz")) as held_out:
        images, labels = held_out["images"], held_out["labels"]
    step("digits: reference")
    answers = {"reference": np.array([classes(interpreters.run(module, [x[np.newaxis]])[0])[0] for x in images])}
    for target in ("host", "neon"):
        if is_foreign(target) and not shutil.which("qemu-aarch64"):
            continue
        step(f"digits: {target}")
        with api.compile(module, target) as net:
            answers[f"{target}{' under qemu' if is_foreign(target) else ''}"] = classes(net(images))
    right = ", ".join(f"{name} {np.count_nonzero(answer == labels)}" for name, answer in answers.items())
    same = all(np.array_equal(answer, answers["reference"]) for answer in answers.values())
    verdict = Text("the same answer on every picture" if same else "ANSWERS DIFFER", style="green" if same else "red")
    wrong = np.flatnonzero(answers["reference"] != labels)[:1]
    count = (width - 4) // (2 * images.shape[-1] + 2)
    shown = [*range(count - len(wrong)), *map(int, wrong)]
    row = Table.grid(padding=(0, 2))
    row.add_row(*(draw(images[i, 0]) for i in shown))
    row.add_row(*(answer_text(int(answers["reference"][i]), int(labels[i])) for i in shown))
    figures = json.loads(zoo.path("digits").with_suffix(".json").read_text(encoding="utf-8"))
    rate = figures["convolutions_after_the_first"]["rate"]
    before = f"Right on, of {len(labels)} held-out pictures: before pruning {figures['correct']['dense']}"
    summary = Text.assemble(f"{before}; pruned {rate:.1f}x: {right}; ", verdict)
    return Panel(Group(row, summary), title="digits", title_align="left"), same


def classes(y: NDArray[np.floating]) -> NDArray[np.intp]:
    """The likeliest class of each picture."""
    return np.argmax(np.asarray(y), axis=1)


def draw(image: NDArray[np.float32]) -> Text:
    """A grey picture of 8x8, 0 to 1, two characters a pixel."""
    levels = np.minimum((image * len(SHADES)).astype(int), len(SHADES) - 1)
    return Text("\n".join("".join(SHADES[level] * 2 for level in row) for row in levels), no_wrap=True)


def answer_text(answer: int, label: int) -> Text:
    """The answer under a picture, and what it really is if that is another."""
    if answer == label:
        return Text(f"{answer}", style="bold green", justify="center")
    return Text(f"{answer}, is {label}", style="bold red", justify="center")


if __name__ == "__main__":
    main()
