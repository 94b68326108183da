"""What the probe reads is Python 3.6, so that the oldest TensorFlow can be asked."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2] / "reference"
LAYER = (
    "op",
    "modes",
    "wire",
    "trace",
    "probe",
    "walk",
    "expression",
    "fitting",
    "minimising",
    "catalogue",
    "programs",
)
FILES = [path for name in LAYER for path in sorted((ROOT / name).glob("*.py")) or [ROOT / f"{name}.py"]]
TENSORFLOW = {"probe.py"}  # who may import it
YOUNGER_MODULES = {"dataclasses", "contextvars", "graphlib", "tomllib", "zoneinfo"}
TYPING = set(  # what typing had in Python 3.6
    "Any Callable Dict FrozenSet Generic Iterable Iterator List Mapping NamedTuple NewType Optional Sequence "
    "Set Tuple Type TypeVar Union".split()
)
YOUNGER_METHODS = {"removeprefix", "removesuffix", "bit_count", "is_relative_to", "fromisoformat"}
BUILTINS = {"dict", "frozenset", "list", "set", "tuple", "type"}


def imports(tree: ast.AST) -> Iterator[tuple[str, list[str]]]:
    """Each imported module, and the names taken from it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, []) for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or ""), [alias.name for alias in node.names]


def annotations(tree: ast.AST) -> Iterator[ast.expr]:
    """Every annotation."""
    for node in ast.walk(tree):
        for field in ("annotation", "returns"):
            found = getattr(node, field, None)
            if found is not None:
                yield found


def complaints(text: str, name: str = "") -> list[str]:
    """What Python 3.6, or one that has only NumPy, would stumble over."""
    try:
        tree = ast.parse(text, feature_version=(3, 6))
    except SyntaxError as error:
        return [f"line {error.lineno}: {error.msg}"]
    return [*_modules(tree, name), *_types(tree), *_expressions(tree)]


def _modules(tree: ast.AST, name: str) -> Iterator[str]:
    for module, names in imports(tree):
        top = module.partition(".")[0]
        if top == "tensorflow" and name in TENSORFLOW:
            continue
        if module == "reference":
            inner = set(names)
        elif top == "reference":
            inner = {module.split(".")[1]}
        else:
            inner = set()
        if inner - set(LAYER):
            yield f"imports {', '.join(sorted(inner - set(LAYER)))} from outside the layer"
        if top not in {*sys.stdlib_module_names, "numpy", "reference"} | YOUNGER_MODULES:
            yield f"imports {module}"
        if top in YOUNGER_MODULES or (top == "__future__" and "annotations" in names):
            yield f"imports {module}, which is younger than 3.6"
        if module == "typing" and set(names) - TYPING:
            yield f"takes {', '.join(sorted(set(names) - TYPING))} from typing, which is younger than 3.6"


def _types(tree: ast.AST) -> Iterator[str]:
    for annotation in annotations(tree):
        for node in ast.walk(annotation):
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
                yield f"line {node.lineno}: X | Y as a type"
            subscripted = node.value if isinstance(node, ast.Subscript) else None
            if isinstance(subscripted, ast.Name) and subscripted.id in BUILTINS:
                yield f"line {subscripted.lineno}: {subscripted.id}[...] as a type"


def _expressions(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in YOUNGER_METHODS:
            yield f"line {node.lineno}: .{node.attr} is younger than 3.6"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_probe_side_is_python_3_6(path: Path) -> None:
    """Each file parses as 3.6 and imports the standard library, NumPy and its own layer only."""
    assert complaints(path.read_text(encoding="utf-8"), path.name) == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("if (n := 1): pass", "line 1: Assignment expressions"),
        ("def f(a, /): pass", "line 1: Positional-only parameters"),
        ("match 1:\n    case 1: pass", "line 2: Pattern matching"),
        ("from __future__ import annotations", "imports __future__, which is younger than 3.6"),
        ("import dataclasses", "imports dataclasses, which is younger than 3.6"),
        ("from typing import Literal", "takes Literal from typing, which is younger than 3.6"),
        ("def f(a: int | None): pass", "line 1: X | Y as a type"),
        ("x: list[int] = []", "line 1: list[...] as a type"),
        ("'ab'.removeprefix('a')", "line 1: .removeprefix is younger than 3.6"),
        ("import sympy", "imports sympy"),
        ("import tensorflow as tf", "imports tensorflow"),
        ("from reference import exact, wire", "imports exact from outside the layer"),
        ("from reference.judge import f", "imports judge from outside the layer"),
    ],
)
def test_the_scan_sees(text: str, complaint: str) -> None:
    """Each thing that Python 3.6 lacks, and each import that is not allowed, is seen."""
    (found,) = complaints(text)
    assert found.startswith(complaint)
