"""Tests lie where the module that they test lies: those of `a/b/c.py` are `tests/a/b/test_c.py`."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
MIRRORED = ("raysweep", "analysis", "search_spaces", "benchmarks")

WITHOUT_TESTS = {
    "search_spaces/*": "tests/search_spaces/test___init__.py checks every study alike; those with more get a file",
    "analysis/figures/base.py": "an interface: tests/analysis/figures/test___init__.py checks every figure against it",
    "benchmarks/*": "a benchmark measures; those with logic of their own get a file",
}
"""Modules with functions and without a test file of their own, and why."""


def modules() -> set[Path]:
    return {path.relative_to(ROOT) for folder in MIRRORED for path in (ROOT / folder).rglob("*.py")}


def files_of_tests() -> set[Path]:
    return {path.relative_to(TESTS) for folder in MIRRORED for path in (TESTS / folder).rglob("test_*.py")}


def module_of(test: Path) -> Path:
    return test.with_name(test.name.removeprefix("test_"))


def does_something(module: Path) -> bool:
    """Whether it defines a function: a module that only declares is tested with those that read what it declares."""
    return any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(ast.parse((ROOT / module).read_text()))
    )


def test_every_test_file_has_the_module_that_it_tests() -> None:
    assert {str(test) for test in files_of_tests() if module_of(test) not in modules()} == set()


def test_every_module_with_functions_has_a_test_file() -> None:
    tested = {module_of(test) for test in files_of_tests()}
    untested = {module for module in modules() - tested if does_something(module)}
    excused = {module for module in untested if any(module.match(pattern) for pattern in WITHOUT_TESTS)}
    assert {str(module) for module in untested - excused} == set()
    assert all(any(module.match(pattern) for module in excused) for pattern in WITHOUT_TESTS)


def test_whatever_else_is_a_test_starts_processes_or_concerns_the_project() -> None:
    folders = {path.relative_to(TESTS).parts[0] for path in TESTS.rglob("test_*.py")}
    assert folders == {*MIRRORED, "project", "system"}


def test_no_test_imports_another() -> None:
    for path in TESTS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not any(part.startswith("test_") for name in names for part in name.split(".")), path
