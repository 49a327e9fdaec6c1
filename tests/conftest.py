"""What all tests share: the `golden` texts, that CI skips nothing, and how long soaking takes."""

import math
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

for library in ("OPENBLAS", "OMP"):
    # What tests multiply is small: threads that wait for each other's parts of it keep processors from the other tests.
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")  # read when numpy, and torch, are imported

GOLDEN = Path(__file__).parent / "golden"
SOAK = Path(__file__).parent / "soak"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden texts anew instead of comparing")
    parser.addoption("--minutes", type=float, help="run the tests of tests/soak, too, and each for so long at most")


def pytest_configure() -> None:
    """Ctrl-C is what some tests press, and what a shell has a job in the background ignore."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """What soaks runs only when it is told for how long."""
    return True if collection_path == SOAK and config.getoption("--minutes") is None else None


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where a system lacks what Debian has a test may be skipped, for a missing tool it fails; CI skips nothing."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter is not None and reporter.stats.get("skipped"):
        reporter.write_line("skipped on CI", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """`golden(name, text)` compares `text` with `tests/golden/name`, or writes it there with --update-golden."""

    def check(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.is_file(), f"no golden text {name}: run pytest with --update-golden, read it, commit it"
        assert text == path.read_text(encoding="utf-8"), f"{name} differs: --update-golden writes the new one"

    return check


@pytest.fixture
def time_left(request: pytest.FixtureRequest) -> Callable[[], bool]:
    """Whether a test of tests/soak may go on: until `--minutes` have passed since it began, if it is told."""
    minutes: float | None = request.config.option.minutes
    end = math.inf if minutes is None else time.monotonic() + 60 * minutes
    return lambda: time.monotonic() < end
