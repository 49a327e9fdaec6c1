"""lrc from Python: what a net takes and gives, what is refused in which words, and what is left behind."""

import copy
import gc
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import save_file  # pyright: ignore[reportUnknownVariableType]

import lrc
from lrc.compilation import compiler
from lrc.execution import toolchain

ONE = """\
model one {
  weights random(seed: 0)
  input x: f32[1, 2, 4, 5]
  a: conv2d(x) { filters: 3, kernel: 3, pad: 1 }
  b: relu(a)
  output y = b
}
"""

PAIR = """\
model pair {
  weights random(seed: 0)
  input x: f32[1, 2, 3, 3]
  input z: f32[1, 2, 3, 3]
  both: add(x, z)
  kept: relu(both)
  joined: concat(x, z)
  output sum = both
  output positive = kept
  output given = joined
}
"""

Floats = NDArray[np.float32]


@pytest.fixture(scope="module")
def one() -> lrc.Net:
    return lrc.compile(lrc.parse(ONE), "c")


@pytest.fixture(scope="module")
def pair() -> lrc.Net:
    return lrc.compile(lrc.parse(PAIR), "c")


@pytest.fixture
def x() -> Floats:
    """Three pictures for the network `one`: small integers, which all types hold."""
    return np.random.default_rng(0).integers(-9, 9, (3, 2, 4, 5)).astype(np.float32)


def test_a_net_says_what_it_is(one: lrc.Net, pair: lrc.Net) -> None:
    assert repr(one) == "<lrc.Net one for c: x: f32[1, 2, 4, 5] -> y: f32[1, 3, 4, 5]>"
    assert (dict(one.inputs), dict(one.outputs)) == ({"x": (1, 2, 4, 5)}, {"y": (1, 3, 4, 5)})
    assert (list(pair.inputs), list(pair.outputs)) == (["x", "z"], ["sum", "positive", "given"])
    assert (one.name, one.target, one.threads, one.report.layers_fused) == ("one", "c", 1, 1)


def test_several_outputs_are_a_tuple_in_order(pair: lrc.Net) -> None:
    a, b = np.random.default_rng(0).standard_normal((2, 4, 2, 3, 3)).astype(np.float32)
    total, positive, given = pair(a, b)
    np.testing.assert_array_equal(total, a + b)
    np.testing.assert_array_equal(positive, np.maximum(a + b, 0))
    np.testing.assert_array_equal(given, np.concatenate([a, b], axis=1))
    for name, output in {"sum": total, "positive": positive, "given": given}.items():
        np.testing.assert_array_equal(pair.run({"x": a, "z": b})[name], output)


def test_inputs_go_by_their_names(pair: lrc.Net) -> None:
    """In whatever order they are named."""
    a, b = np.random.default_rng(0).standard_normal((2, 4, 2, 3, 3)).astype(np.float32)
    for given in ({"x": a, "z": b}, {"z": b, "x": a}):
        outputs = pair.run(given)
        assert list(outputs) == ["sum", "positive", "given"]
        np.testing.assert_array_equal(outputs["given"], np.concatenate([a, b], axis=1))


def test_a_call_starts_no_process(one: lrc.Net, x: Floats, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    assert one(x).shape == (3, 3, 4, 5)


def test_a_stack_is_one_picture_after_the_other(one: lrc.Net) -> None:
    x = np.random.default_rng(0).standard_normal((500, 2, 4, 5)).astype(np.float32)
    np.testing.assert_array_equal(one(x), np.concatenate([one(picture[np.newaxis]) for picture in x]))


def test_no_pictures_give_none(one: lrc.Net, pair: lrc.Net) -> None:
    assert one(np.zeros((0, 2, 4, 5))).shape == (0, 3, 4, 5)
    assert [y.shape for y in pair(*np.zeros((2, 0, 2, 3, 3)))] == [(0, 2, 3, 3), (0, 2, 3, 3), (0, 4, 3, 3)]


FORMS: dict[str, Callable[[Floats], Any]] = {
    "float64": lambda x: x.astype(np.float64),
    "float16": lambda x: x.astype(np.float16),
    "int8": lambda x: x.astype(np.int8),
    "int64": lambda x: x.astype(np.int64),
    "big-endian": lambda x: x.astype(">f4"),
    "columns first": np.asfortranarray,
    "a view": lambda x: np.repeat(x, 2, axis=3)[..., ::2],
    "backwards": lambda x: x[..., ::-1].copy()[..., ::-1],
    "unaligned": lambda x: np.frombuffer(b"?" + x.tobytes(), np.float32, offset=1).reshape(x.shape),
    "read-only": lambda x: np.frombuffer(x.tobytes(), np.float32).reshape(x.shape),
    "lists": lambda x: x.tolist(),
}


@pytest.mark.parametrize("form", FORMS)
def test_any_real_numbers_will_do(one: lrc.Net, x: Floats, form: str) -> None:
    given = FORMS[form](x)
    before = copy.deepcopy(given)
    np.testing.assert_array_equal(one(given), one(x))
    np.testing.assert_array_equal(given, before)


def test_what_is_not_finite_goes_through(pair: lrc.Net) -> None:
    x = np.full((1, 2, 3, 3), [np.nan, np.inf, -np.inf], np.float32)
    np.testing.assert_array_equal(pair(x, np.zeros_like(x))[0], x)


X = np.zeros((1, 2, 4, 5))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (X[0], r"input x must have the shape \[1, 2, 4, 5\], not \[2, 4, 5\]\n.*x\[np.newaxis\]"),
        (X.transpose(0, 2, 3, 1), r"x.transpose\(0, 3, 1, 2\)"),
        (X[:, :1], r"not \[1, 1, 4, 5\]"),
        (3.0, r"not \[\]"),
        (None, "input x holds object, not real numbers"),
        (X + 1j, "input x holds complex128, not real numbers"),
        (X.astype(str), "input x holds <U32, not real numbers"),
        ([[1.0], [1.0, 2.0]], "input x cannot be made an array: "),
        (X - 1e300, r"input x is too large for float32 at \[0, 0, 0, 0\]"),
    ],
)
def test_inputs_that_do_not_fit_are_a_user_error(one: lrc.Net, given: Any, message: str) -> None:
    for call in (one, one.verify, one.bisect):
        with pytest.raises(lrc.UserError, match=message):
            call(given)


def test_calls_with_wrong_arguments(one: lrc.Net, pair: lrc.Net) -> None:
    with pytest.raises(TypeError, match=r"the network one takes 1 input \(x\), not 0"):
        one()
    with pytest.raises(TypeError, match=r"the network pair takes 2 inputs \(x, z\), not 1"):
        pair(np.zeros((1, 2, 3, 3)))
    with pytest.raises(TypeError, match=r"net\.run takes a mapping from names to arrays"):
        one({"x": X})  # pyright: ignore[reportArgumentType]
    with pytest.raises(TypeError, match=r"run takes a mapping from x to arrays, not numpy\.ndarray"):
        one.run(X)  # pyright: ignore[reportArgumentType]
    with pytest.raises(lrc.UserError, match="the network takes x; given: y"):
        one.run({"y": X})
    with pytest.raises(lrc.UserError, match="all inputs must have as many pictures: x has 1, z has 2"):
        pair(np.zeros((1, 2, 3, 3)), np.zeros((2, 2, 3, 3)))
    for runs, error in ((0, ValueError), (100_001, ValueError), (1.5, TypeError), ("9", TypeError)):
        with pytest.raises(error, match=r"^runs must be "):
            one.bench(runs)  # pyright: ignore[reportArgumentType]


def test_verify_takes_the_array_of_the_only_input(one: lrc.Net, pair: lrc.Net, x: Floats) -> None:
    assert one.verify(x[:1]).passed and one.verify({"x": x[:1]}).passed
    assert one.bisect(x[:1]) is None
    assert pair.verify(dict.fromkeys("xz", np.ones((1, 2, 3, 3)))).passed
    with pytest.raises(TypeError, match="pair has several inputs: give a mapping from x, z to arrays"):
        pair.verify(np.ones((1, 2, 3, 3)))
    with pytest.raises(lrc.UserError, match="one picture is verified at a time, not 3"):
        one.verify(x)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"target": "avx"}, ValueError, "^target must be neon, host, kryo485, .*, c, not 'avx'; did you mean 'avx2'"),
        ({"target": "Neon"}, ValueError, "did you mean 'neon'?"),
        ({"target": 3}, ValueError, "^target must be neon, host, .*, not 3$"),
        ({"threads": 0}, ValueError, "^threads must be 1 to 64, not 0$"),
        ({"threads": 65}, ValueError, "^threads must be 1 to 64, not 65$"),
        ({"threads": 1.5}, TypeError, "^threads must be an integer, not float$"),
        ({"model": 3}, TypeError, "^the network must be the path of a .lr file, or 'zoo:NAME', not int$"),
        ({"model": ONE}, lrc.UserError, "lrc.parse takes texts"),
        ({"model": "nowhere.lr"}, lrc.UserError, "nowhere.lr: error: cannot be read: No such file"),
        ({"model": "zoo:digit"}, lrc.UserError, "did you mean 'digits'?"),
        ({"folder": __file__}, lrc.UserError, "test_api.py: error: Not a directory"),
    ],
)
def test_wrong_arguments_are_said_before_the_work(arguments: dict[str, Any], error: type, message: str) -> None:
    given: dict[str, Any] = {"model": lrc.parse(ONE), "target": "c"}
    with pytest.raises(error, match=message):
        lrc.compile(**given | arguments)


def test_a_network_that_passes_refuse_is_a_user_error_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "infinite.lr"
    path.write_text(ONE.replace("relu(a)", "batch_norm(a)").replace("random(seed: 0)", '"w.safetensors"'))
    arrays = {f"b.{name}": np.ones(3, np.float32) for name in ("weight", "bias", "running_mean", "running_var")}
    arrays |= {"a.weight": np.full((3, 2, 3, 3), 3e38, np.float32), "a.bias": np.zeros(3, np.float32)}
    arrays["b.weight"] *= 2
    save_file(arrays, tmp_path / "w.safetensors")
    with pytest.raises(lrc.UserError, match=r"infinite\.lr:5:") as caught:
        lrc.compile(str(path), "c")
    assert caught.value.diagnostics[0].line == 5


def test_warnings_point_at_whoever_called(tmp_path: Path) -> None:
    text = ONE.replace("  output", "  unused: relu(a)\n  output")
    (tmp_path / "unused.lr").write_text(text)
    for read in (
        lambda: lrc.parse(text),
        lambda: lrc.load(tmp_path / "unused.lr"),
        lambda: lrc.compile(tmp_path / "unused.lr", "c").close(),
    ):
        with pytest.warns(lrc.LrcWarning, match="unused") as caught:
            read()
        assert [warning.filename for warning in caught] == [__file__]


def test_errors_can_be_named() -> None:
    assert issubclass(lrc.UserError, lrc.LrcError)
    assert {"UserError", "LrcError", "Net", "compile"} <= set(dir(lrc))
    with pytest.raises(TypeError, match="parse takes a text, not bytes"):
        lrc.parse(b"model")  # pyright: ignore[reportArgumentType]
    with pytest.raises(lrc.UserError) as caught:
        lrc.parse("model m {}", "m.lr")
    assert caught.value.diagnostics[0].filename == "m.lr"


def test_paths_may_be_strings(tmp_path: Path, x: Floats) -> None:
    (tmp_path / "one.lr").write_text(ONE)
    with lrc.compile(f"{tmp_path}/one.lr", "c", folder=f"{tmp_path}/out") as net:
        assert net.folder == tmp_path / "out"
        expected = net(x)
    assert (tmp_path / "out" / "one.c").exists()
    assert lrc.parse(ONE, folder=str(tmp_path)) is not None
    np.testing.assert_array_equal(lrc.compile(tmp_path / "one.lr", "c")(x), expected)


def test_a_folder_compiled_anew_leaves_the_first_net_as_it_was(tmp_path: Path, x: Floats) -> None:
    """The same path, the same model's name: the system's loader must not take one library for the other."""
    first, second = (
        lrc.compile(lrc.parse(ONE.replace("seed: 0", f"seed: {seed}")), "c", folder=tmp_path / "out") for seed in (0, 1)
    )
    with lrc.compile(lrc.parse(ONE), "c") as same_as_first:
        np.testing.assert_array_equal(first(x), same_as_first(x))
    assert not np.array_equal(first(x), second(x))
    for call in (first.verify, first.bench):
        with pytest.raises(lrc.UserError, match="another network has been compiled to "):
            call(x[:1] if call == first.verify else 1)  # pyright: ignore[reportArgumentType]
    assert second.verify(x[:1]).passed


def test_threads_take_turns(one: lrc.Net) -> None:
    stacks = np.random.default_rng(0).standard_normal((40, 5, 2, 4, 5)).astype(np.float32)
    expected = [one(stack) for stack in stacks]
    with lrc.compile(lrc.parse(ONE), "c", threads=2) as two, ThreadPoolExecutor(4) as pool:
        for net in (one, two):
            for found, right in zip(pool.map(net, stacks), expected, strict=True):
                np.testing.assert_array_equal(found, right)


def test_closing_waits_for_those_who_run(x: Floats) -> None:
    net = lrc.compile(lrc.parse(ONE), "c", threads=2)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(net, np.repeat(x, 3000, axis=0))
        net.close()
        assert isinstance(running.exception(), ValueError | None)


def test_a_closed_net_says_so(x: Floats) -> None:
    with lrc.compile(lrc.parse(ONE), "c") as net:
        folder = net.folder
        assert folder.exists()
    net.close()
    assert not folder.exists() and not folder.parent.exists()
    assert repr(net).endswith(", closed>")
    for call in (net, net.verify, net.bisect):
        with pytest.raises(ValueError, match="the network one is closed"):
            call(x)
    with pytest.raises(ValueError, match="the network one is closed"):
        net.bench(1)


@pytest.mark.filterwarnings("error")
def test_a_net_that_nobody_has_leaves_nothing() -> None:
    net = lrc.compile(lrc.parse(ONE), "c")
    folder, libraries = net.folder, loaded()
    net(np.zeros((1, 2, 4, 5)))
    del net
    gc.collect()
    assert not folder.exists()
    assert len(libraries) == len(loaded()) + Path("/proc/self/maps").exists()


def loaded() -> set[str]:
    """The libraries of networks in this process, on systems that tell."""
    maps = Path("/proc/self/maps")
    lines = maps.read_text().splitlines() if maps.exists() else []
    return {line.split()[5] for line in lines if "/libone-" in line}


def test_a_compilation_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("CC", "false")
    with pytest.raises(lrc.UserError, match="false failed"):
        lrc.compile(lrc.parse(ONE), "c")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("take_away", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_net_cannot_be_taken_elsewhere(one: lrc.Net, take_away: Callable[[object], object]) -> None:
    with pytest.raises(TypeError, match="cannot be pickled or copied"):
        take_away(one)


FORK = f"""
import multiprocessing, os, signal, sys, threading
import numpy as np, lrc

net = lrc.compile(lrc.parse({ONE!r}), "c", threads=2)
x = np.random.default_rng(0).standard_normal((64, 2, 4, 5)).astype(np.float32)
right = net(x)
busy = threading.Event()

def keep_busy():
    while not busy.is_set():
        net(x)

def same(number):
    return np.array_equal(net(x), right)

if __name__ == "__main__":
    others = [threading.Thread(target=keep_busy, daemon=True) for _ in range(2)]
    [other.start() for other in others]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert all(pool.map_async(same, range(20)).get(timeout=10))
    busy.set()
    [other.join() for other in others]
    if (child := os.fork()) == 0:
        signal.alarm(10)
        net.close()
        sys.exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert net.folder.exists() and same(0) and net.verify(x[:1]).passed
    print("fine")
"""


def test_children_that_fork_off_go_on(tmp_path: Path) -> None:
    """Though others were running the net at that moment, and the child ends before its parent does."""
    script = tmp_path / "fork.py"
    script.write_text(FORK)
    done = subprocess.run(
        [sys.executable, script],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )
    assert (done.stdout, done.stderr) == ("fine\n", "")
    assert [path.name for path in tmp_path.iterdir()] == ["fork.py"]


def test_a_folder_that_another_process_takes_meanwhile_is_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No net runs the code of another network than its own."""
    build = toolchain.build

    def build_after_another(folder: Path, **options: bool) -> Path:
        compiler.write(compiler.lower(lrc.parse(PAIR), "c"), folder)
        return build(folder, **options)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(toolchain, "build", build_after_another)
    with pytest.raises(lrc.UserError, match=f"another process has compiled to {tmp_path}/out meanwhile"):
        lrc.compile(lrc.parse(ONE), "c", folder=tmp_path / "out")
