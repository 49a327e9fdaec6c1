"""Who has nothing but a wheel of lrc tests a pass of their own, as docs/testing.md says: it does not lie, either."""

import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from installed import tool

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
PARTS = ("backends", "dialects", "grammar", "passes")
"""The folders at the root that are parts of the package."""


def block(start: str) -> str:
    """The block of code of the page that begins with `start`."""
    found = re.search(rf"^```\w*\n({re.escape(start)}.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def package_files() -> set[str]:
    """The files of the package as git knows them, by their names in the package."""
    listing = subprocess.check_output([tool("git"), "ls-files", "-co", "--exclude-standard"], cwd=ROOT, text=True)
    names = [name for name in listing.splitlines() if (ROOT / name).is_file()]
    folders = {part: f"lrc/{part}" for part in PARTS} | {"lrc": "lrc"}
    return {folders[top] + name.removeprefix(top) for name in names if (top := name.split("/")[0]) in folders}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel, built of a copy of the sources, so that nothing is left among them."""
    place = tmp_path_factory.mktemp("wheel")
    source = place / "source"
    for name in [*package_files(), "pyproject.toml", "README.md", "LICENSE"]:
        top = name.split("/")[1] if name.startswith("lrc/") else ""
        target = source / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / (name.removeprefix("lrc/") if top in PARTS else name)).read_bytes())
    script = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", script, str(place)], cwd=source, check=True, capture_output=True)
    (built,) = place.glob("*.whl")
    return built


class User:
    """Somebody who has the wheel and its dependencies, and a folder."""

    def __init__(self, wheel: Path, folder: Path) -> None:
        self.folder = folder / "project"
        self.folder.mkdir()
        self.installed = folder / "installed"
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(self.installed)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run Python in the folder. -S leaves out what makes a checkout that is installed for editing importable."""
        paths = [str(self.installed), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
        environment = {name: value for name, value in os.environ.items() if name != "LRC_REPRODUCERS"}
        environment |= {"PYTHONPATH": os.pathsep.join(paths), "CI": "true"}  # so examples are the same each time
        words = (sys.executable, "-S", *words)
        return subprocess.run(words, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)

    def test(self) -> subprocess.CompletedProcess[str]:
        """Run the tests of the folder."""
        return self.run("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist")


@pytest.fixture
def user(wheel: Path, tmp_path: Path) -> User:
    return User(wheel, tmp_path)


def test_the_wheel_has_every_file_of_the_package(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        found = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert found == package_files()
    assert "lrc/py.typed" in found, "without it type checkers take everything that a user imports for Any"


def test_the_wheel_compiles(user: User) -> None:
    """Grammar, names that C has, networks of the zoo, runtime: all is read from where it is installed."""
    script = """
import lrc
from pathlib import Path
from lrc.compilation import compiler
assert Path("../installed").resolve() in Path(lrc.__file__).resolve().parents
compiler.write(compiler.lower(lrc.load("zoo:digits"), "c"), Path("digits"))
print(*sorted(path.name for path in Path("digits").iterdir()))
"""
    done = user.run("-c", script)
    assert not done.returncode, done.stderr
    assert {"digits.h", "digits.lrw", "lrc_bench.c", "CMakeLists.txt"} < set(done.stdout.split())


def network(failure: str) -> str:
    """The counterexample in what pytest says."""
    plain = re.sub(r"^E {0,7}", "", failure, flags=re.MULTILINE)
    found = re.search(r'module=(?:lrc\.parse\("""\n)?(model .*?^\}\n)', plain, re.MULTILINE | re.DOTALL)
    assert found is not None, failure
    return found[1]


def test_a_wrong_pass_is_found(user: User) -> None:
    """By a network about as short as that of the page; and the reproducer fails in the same way."""
    for name in ("folding.py", "test_folding.py"):
        (user.folder / name).write_text(block(f"# {name}\n"), encoding="utf-8")
    done = user.test()
    assert done.returncode == 1, done.stdout + done.stderr
    said = re.search(r"AssertionError: fold-batch-norm: \w+ '\w+' \w+ 'conv' instead of 'norm'", done.stdout)
    assert said is not None, done.stdout
    assert "conv: conv2d(" in network(done.stdout) and "norm: batch_norm(conv)" in network(done.stdout)
    assert len(network(done.stdout).splitlines()) <= len(network(block("E ")).splitlines()) + 2
    script = re.search(r"reproducer: python (\S+)", done.stdout)
    assert script is not None
    again = user.run(script[1])
    assert again.returncode == 1
    assert said[0] in again.stderr


def test_the_page_shows_what_is_said(user: User) -> None:
    (user.folder / "folding.py").write_text(block("# folding.py\n"), encoding="utf-8")
    call = f'''
import lrc
from folding import FoldBatchNorm
from lrc.testing import passes_preserve_meaning
passes_preserve_meaning(lrc.parse("""{network(block("E "))}"""), [FoldBatchNorm()])
'''
    done = user.run("-c", call)
    assert block("E ").splitlines()[0].removeprefix("E").strip() in done.stderr


def test_what_is_right_passes(user: User) -> None:
    pattern, question = block("# folding.py\n"), block("        if not conv.output.has_one_use():\n")
    before = "        arrays = ("
    assert before in pattern
    (user.folder / "folding.py").write_text(pattern.replace(before, question + before), encoding="utf-8")
    (user.folder / "test_folding.py").write_text(block("# test_folding.py\n"), encoding="utf-8")
    target = "\n\n@given(modules())\ndef test_target(module):\n    is_right(module)\n"
    imports = "from hypothesis import given\nfrom mine import is_right\nfrom lrc.testing import modules\n"
    (user.folder / "test_order.py").write_text(block("# test_order.py\n"), encoding="utf-8")
    (user.folder / "mine.py").write_text(block("# mine.py\n"), encoding="utf-8")
    (user.folder / "test_mine.py").write_text(imports + target, encoding="utf-8")
    done = user.test()
    assert not done.returncode, done.stdout + done.stderr
    assert "3 passed" in done.stdout
