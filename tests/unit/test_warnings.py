"""What a network declares and does not use is a warning, in Python as well. `tests/errors` has the texts."""

import json
import warnings
from pathlib import Path
from typing import Any

import pytest

import lrc
from lrc.cli import main
from lrc.diagnostics import Diagnostic
from lrc.frontend import lift, parse

UNREAD = """
model net {
  weights random(seed: 0)
  input x: f32[1, 3, 8, 8]
  bn: batch_norm(x)
  out: relu(x)
  output y = out
}
"""


def test_python_warns_where_the_network_is_read() -> None:
    with pytest.warns(lrc.LrcWarning, match="nothing reads 'bn'") as caught:
        lrc.parse(UNREAD)
    assert caught[0].filename == __file__


def test_python_warns_where_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "net.lr").write_text(UNREAD, encoding="utf-8")
    with pytest.warns(lrc.LrcWarning, match=r"net.lr:5:3: warning: nothing reads 'bn'") as caught:
        lrc.load(tmp_path / "net.lr")
    assert caught[0].filename == __file__


def test_strict_takes_warnings_for_mistakes() -> None:
    with pytest.raises(lrc.LrcError, match="<string>:5:3: error: nothing reads 'bn'"):
        lrc.parse(UNREAD, strict=True)


def test_what_is_used_is_not_warned_of() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lrc.parse(UNREAD.replace("relu(x)", "relu(bn)"))


def test_many_layers_that_nothing_reads_are_one_warning() -> None:
    """What leads to the last of a chain is counted, not shown."""
    chain = "".join(f"l{i + 1}: relu(l{i})\n" for i in range(500))
    found: list[Diagnostic] = []
    lift(parse(UNREAD.replace("bn: batch_norm(x)", f"l0: relu(x)\n{chain}")), warn=found.extend)
    assert [each.message for each in found] == ["nothing reads 'l500'; 500 more serve nothing else"]


@pytest.fixture
def net(tmp_path: Path) -> str:
    """A file with a layer that nothing reads."""
    path = tmp_path / "net.lr"
    path.write_text(UNREAD, encoding="utf-8")
    return str(path)


def code(*arguments: str) -> object:
    """The exit code of a command."""
    with pytest.raises(SystemExit) as end:
        main(arguments)
    return end.value.code


def report(text: str) -> dict[str, Any]:
    return json.loads(text)["files"][0]


def test_check_warns(net: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert code("check", net) == 0
    out, err = capfd.readouterr()
    assert out.endswith(": 1 warning\n")
    assert err.startswith(f"{net}:5:3: warning: nothing reads 'bn'\n")
    assert code("check", "--json", net) == 0
    found = report(capfd.readouterr().out)
    assert (found["errors"], found["warnings"][0]["severity"], found["warnings"][0]["line"]) == ([], "warning", 5)


def test_check_is_strict_if_asked(net: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert code("check", "--strict", net) == 1
    assert capfd.readouterr().err.startswith(f"{net}:5:3: error: nothing reads 'bn'\n")
    assert code("check", "--strict", "--json", net) == 1
    found = report(capfd.readouterr().out)
    assert (found["errors"][0]["severity"], found["warnings"]) == ("error", [])


def test_other_commands_warn_once(net: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert code("compile", net, "--emit", "lr") == 0
    assert capfd.readouterr().err.count("warning: nothing reads 'bn'") == 1
