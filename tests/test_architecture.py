"""What keeps the house in order: imports go one way, passes are registered, documented and shown, the code is clean."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from installed import ESSENTIAL, provided, tool

from lrc.universe import DIALECTS, PASSES, TARGETS, UNIVERSE, module_of

ROOT = Path(__file__).parents[1]

MAY_IMPORT = {
    "dialects": ("lrc.dialects",),
    "passes": ("lrc.dialects", "lrc.passes"),
    "backends": ("lrc.dialects", "lrc.backends"),
}
"""Folder -> what of lrc its files may import; the folder lrc itself may import all."""

PLAIN = "dialects/values"
"""The room of plain values and algorithms: they know no IR."""

LONGEST_FILE = 400

INHERITED = frozenset(
    {
        *("apply", "match_and_rewrite"),
        *("verify_", "parse", "print", "parse_parameter", "print_parameter", "parse_parameters", "print_parameters"),
    }
)
"""Methods of xDSL's passes, patterns, operations and attributes: what they do is said there, and of what, by the class
that overrides them."""


def python_files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def tracked_files() -> list[Path]:
    listing = subprocess.check_output([tool("git"), "ls-files", "-z"], cwd=ROOT, text=True)
    return [path for name in listing.split("\0") if name and (path := ROOT / name).is_file()]


def imports(path: Path) -> Iterator[str]:
    """The modules that a file imports, those inside of functions included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively"
            yield node.module or ""


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_imports_go_one_way(folder: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in python_files(folder)
        for module in imports(path)
        if module.split(".")[0] == "lrc" and not module.startswith(MAY_IMPORT[folder])
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", DIALECTS)
def test_a_dialect_knows_none_below_it(name: str) -> None:
    """They stand in the order in which a network goes through them, and each imports what comes before it."""
    later = tuple(f"lrc.dialects.{other}" for other in DIALECTS[DIALECTS.index(name) + 1 :])
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in python_files(f"dialects/{name}")
        for module in imports(path)
        if later and module.startswith(later)
    ]
    assert not wrong, "\n".join(wrong)


def test_plain_values_know_no_ir() -> None:
    known = {"numpy", *sys.stdlib_module_names}
    plain = python_files(PLAIN)
    assert plain
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in plain
        for module in imports(path)
        if module.split(".")[0] not in known and not module.startswith("lrc.dialects.values")
    ]
    assert not wrong, "\n".join(wrong)


def test_every_pass_is_registered() -> None:
    defined = {
        str(statement.value.value)
        for path in python_files("passes")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base) == "ModulePass" for base in node.bases)
        for statement in node.body
        if isinstance(statement, ast.Assign)
        and ast.unparse(statement.targets[0]) == "name"
        and isinstance(statement.value, ast.Constant)
    }
    assert defined == set(PASSES)


def test_every_tool_of_a_test_is_installed() -> None:
    """Tests call programs by `installed.tool`, which knows what the Makefile installs on a new machine."""
    wrong: list[str] = []
    for path in python_files("tests"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="tool"), args=[ast.Constant(value=str(name))]):
                    is_known = name in {*provided(), *ESSENTIAL}
                case ast.Attribute(value=ast.Name(id="shutil"), attr="which"):
                    name, is_known = "shutil.which", path.name == "installed.py"
                case ast.Attribute(value=ast.Name(id="pytest"), attr="importorskip"):
                    name, is_known = "pytest.importorskip", False
                case ast.Call(func=ast.Name(id="run") | ast.Attribute(value=ast.Name(id="subprocess"))) as call:
                    words = call.args[0] if call.args else None
                    name = words.elts[0] if isinstance(words, ast.List | ast.Tuple) and words.elts else None
                    name, is_known = ast.unparse(name) if name else "", not isinstance(name, ast.Constant)
                case _:
                    continue
            if not is_known:
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}: {name}")
    assert not wrong, "not through `installed.tool`, or not in TEST_TOOLS of the Makefile:\n" + "\n".join(wrong)


@pytest.mark.parametrize("name", PASSES)
def test_pass_is_documented_and_shown(name: str) -> None:
    cls = UNIVERSE.all_passes[name]()
    assert cls.__module__ == module_of(name)
    assert cls.__doc__ and not cls.__doc__.startswith(cls.__name__), f"{cls.__name__} has no docstring"
    shown = ROOT / "tests/filecheck/passes" / f"{name.replace('-', '_')}.mlir"
    assert shown.is_file(), f"no truth table {shown.relative_to(ROOT)}"


@pytest.mark.parametrize("name", DIALECTS)
def test_dialect_is_documented_and_shown(name: str) -> None:
    dialect = UNIVERSE.all_dialects[name]()
    for cls in (*dialect.operations, *dialect.attributes):
        assert cls.__doc__ and not cls.__doc__.startswith(f"{cls.__name__}("), f"{cls.__name__} has no docstring"
    shown = ROOT / "tests/filecheck/dialects" / name / "ops.mlir"
    assert shown.is_file(), f"no {shown.relative_to(ROOT)}"


@pytest.mark.parametrize("name", TARGETS)
def test_target_is_documented(name: str) -> None:
    assert UNIVERSE.all_targets[name]().__doc__


def undocumented(node: ast.Module | ast.ClassDef) -> Iterator[tuple[int, str]]:
    """Line and name of what is public in a module or class and has no docstring."""
    for inner in node.body:
        if not isinstance(inner, ast.ClassDef | ast.FunctionDef) or inner.name.startswith("_"):
            continue
        overrides = isinstance(node, ast.ClassDef) and bool(node.bases) and inner.name in INHERITED
        if not ast.get_docstring(inner) and not overrides:
            yield inner.lineno, inner.name
        if isinstance(inner, ast.ClassDef):
            yield from ((line, f"{inner.name}.{name}") for line, name in undocumented(inner))


@pytest.mark.parametrize("folder", [*MAY_IMPORT, "lrc"])
def test_all_that_is_public_is_documented(folder: str) -> None:
    wrong: list[str] = []
    for path in python_files(folder):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        places = [*([] if ast.get_docstring(tree) else [(1, "the module")]), *undocumented(tree)]
        wrong += [f"{path.relative_to(ROOT)}:{line} {name}" for line, name in places]
    assert not wrong, "no docstring:\n" + "\n".join(wrong)


def test_help_imports_nothing_heavy() -> None:
    """`lrc --help` answers within 0.3 s; xDSL and numpy alone would take 0.2."""
    code = (
        "import sys; from lrc.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit as end: assert end.code == 0\n"
        "print(*({'xdsl', 'numpy', 'rich', 'lark', 'safetensors'} & set(sys.modules)), file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Usage: lrc" in result.stdout
    assert result.stderr.strip() == ""


def test_files_read_in_one_sitting() -> None:
    folders = ("dialects", "passes", "backends", "lrc", "tests", "examples", "benchmarks")
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for f in folders for path in python_files(f)}
    assert not [f"{path.relative_to(ROOT)}: {n} lines" for path, n in lengths.items() if n > LONGEST_FILE]


def test_no_path_of_a_machine() -> None:
    homes = re.compile(rb"/(?:home|Users)/[\w.-]+/|/(?:root|work)/")
    wrong = [
        f"{path.relative_to(ROOT)}: {match.group().decode()}"
        for path in tracked_files()
        if path.suffix not in {".safetensors", ".npz", ".npy"} and path != Path(__file__)
        for match in homes.finditer(path.read_bytes())
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "command",
    [("ruff", "check"), ("ruff", "format", "--check"), ("pyright", "--pythonpath", sys.executable)],
    ids=["ruff", "format", "pyright"],
)
def test_code_is_clean(command: tuple[str, ...]) -> None:
    result = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
