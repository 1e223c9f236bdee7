"""The product's source as the architecture's rules look at it: which calls stand where."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PACKAGES = ("events", "consent", "projections", "services")


class Call(NamedTuple):
    """A call in a file, within a function (``Class.function``, or "" at the top of the module). ``on`` is what stands
    before the last dot, ``name`` what stands after it."""

    path: str
    function: str
    on: str
    name: str


class Function(NamedTuple):
    path: str
    name: str
    lines: int


def paths() -> list[Path]:
    return sorted(p for package in PACKAGES for p in (ROOT / package).rglob("*.py"))


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def all_calls() -> list[Call]:
    return [call for path in paths() for call in calls_in(tree(path), named(path))]


def calls_in(node: ast.AST, path: str, within: str = "") -> Iterator[Call]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call):
            on, _, name = ast.unparse(child.func).rpartition(".")
            yield Call(path, within, on, name)
        inner = f"{within}.{child.name}".lstrip(".") if isinstance(child, ast.ClassDef | ast.FunctionDef) else within
        yield from calls_in(child, path, inner)


def imports_of(path: Path) -> set[str]:
    """Every module and name that a file imports, in full."""
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def functions() -> Iterator[Function]:
    for path in paths():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield Function(named(path), node.name, (node.end_lineno or node.lineno) - node.lineno + 1)
