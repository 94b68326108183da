"""Who imports whom: the oracle cannot ask the accused, and the table runs beside old TensorFlows."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

LAYERS = {
    0: "op catalogue modes wire trace probe walk expression fitting minimising programs",
    1: "ulp derive compile enclose sheet singular exact cache points textbook textbook_balls limits"
    " balls parameters rounding kernels replay line ratchet regions optimizers sampling",
    2: "question basis outcome judge",
    3: "ask choices explain figures inventory listing look missing naming draw screen script show steps words"
    " trial examples record table verify worst defects alone options plane strd golden __main__ __init__",
}
LAYER = {name: layer for layer, names in LAYERS.items() for name in names.split()}
MEETS_TENSORFLOW = {"probe", "trace"}  # all others get the library handed to them, or never see it
TOO_YOUNG = {"dataclasses", "contextvars", "graphlib", "zoneinfo", "tomllib"}  # not in Python 3.6
ACCUSED = {"tensorflow", "keras", "tf_keras", "tensorflow_probability"}


def imported(tree: ast.AST) -> Iterator[str]:
    """Every module a file imports, wherever in the file and also by `import_module("...")`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level:
            yield "a relative import"
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and "import" in ast.unparse(node.func):
            yield from (c.value for a in node.args for c in ast.walk(a) if _is_text(c))


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def complaint(part: str, module: str) -> str:
    """Why this part of `reference` must not import that module; empty if it may."""
    top, *rest = module.split(".")
    layer = LAYER[part]
    if top in ACCUSED:
        return "" if part in MEETS_TENSORFLOW else "only the probe and its trace meet TensorFlow"
    if top in {"pytest", "hypothesis", "_pytest", "tests", "conftest"}:
        return "the oracle knows nothing of its tests"
    if top == "a relative import":
        return "imports name the whole path, so that a reader finds it"
    if top == "reference":
        return downwards(layer, rest[0] if rest else "__init__")
    if layer == 0 and (top in TOO_YOUNG or (top not in sys.stdlib_module_names and top != "numpy")):
        return "layer 0 is the standard library of Python 3.6, and NumPy"
    return ""


def downwards(layer: int, other: str) -> str:
    """Why a file of this layer must not import that other part of `reference`; empty if it may."""
    if other not in LAYER:
        return f"{other} has no layer yet: give it one in LAYERS"
    if other == "__init__" or LAYER[other] <= layer:
        return ""
    return f"layer {layer} below layer {LAYER[other]}"


def complaints(path: str, text: str) -> list[str]:
    """What one file of `reference` imports against the rules; `path` is relative to that folder."""
    part = Path(path).parts[0].removesuffix(".py")
    if part not in LAYER:
        return [f"reference/{path}: has no layer yet: give it one in LAYERS"]
    found = ((module, complaint(part, module)) for module in imported(ast.parse(text)))
    return [f"reference/{path} imports {module}: {why}" for module, why in found if why]


def test_imports_go_down_the_layers_only():
    """Layer 0 imports next to nothing, the oracle never TensorFlow, and nobody a layer above."""
    folder = ROOT / "reference"
    files = sorted(folder.rglob("*.py"))
    assert len(files) > 10
    found = [c for file in files for c in complaints(str(file.relative_to(folder)), file.read_text("utf-8"))]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "path, text, word",
    [
        ("exact.py", "import tensorflow as tf", "only the probe"),
        ("kernels/new.py", "def f():\n    from tensorflow.python.ops import math_ops", "only the probe"),
        ("judge.py", "import importlib\nimportlib.import_module('tensorflow')", "only the probe"),
        ("verify.py", "__import__('tensor' 'flow')", "only the probe"),
        ("derive.py", "from reference.judge import judge", "layer 1 below layer 2"),
        ("points.py", "from reference import exact, verify", "layer 1 below layer 3"),
        ("op.py", "import sympy", "layer 0 is the standard library"),
        ("wire.py", "from dataclasses import dataclass", "layer 0 is the standard library"),
        ("catalogue/new.py", "from reference.derive import smooth", "layer 0 below layer 1"),
        ("show.py", "import pytest", "knows nothing of its tests"),
        ("ulp.py", "from .op import Op", "whole path"),
        ("brand_new.py", "", "no layer yet"),
        ("ulp.py", "import reference.brand_new", "no layer yet"),
    ],
)
def test_a_planted_import_is_caught(path, text, word):
    """Each rule has a violation that it names."""
    assert any(word in line for line in complaints(path, text))


@pytest.mark.parametrize(
    "path, text",
    [
        ("probe.py", "def library():\n    import tensorflow as tf"),
        ("op.py", "from typing import NamedTuple\nimport numpy as np"),
        ("judge.py", "from reference.exact import enclose\nfrom reference import wire, replay"),
    ],
)
def test_an_allowed_import_is_left_alone(path, text):
    """No rule speaks without need."""
    assert complaints(path, text) == []
