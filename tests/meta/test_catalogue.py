"""Is every row of the catalogue well formed? Whether its textbook gradient is right, `tests/test_textbook.py` asks."""

import ast
import inspect
from pathlib import Path
from typing import Any

import pytest

import reference.catalogue
from reference.catalogue import FAMILIES, OPS
from reference.derive import partials, questions
from reference.op import FLOATS, Op


def parameters(function: Any) -> int:
    return len(inspect.signature(function).parameters)


rows = pytest.mark.parametrize("op", OPS.values(), ids=list(OPS))


def test_the_table_is_complete():
    """At least 130 elementwise functions and 17 of arrays, each under the name it is listed by."""
    elementwise = [op for op in OPS.values() if op.shapes is None]
    assert len(elementwise) >= 130 and len(OPS) - len(elementwise) >= 17
    assert FAMILIES == ("elementary", "exponential", "special", "activation", "binary", "loss", "arrays")
    assert all(name == op.name for name, op in OPS.items())


def test_a_name_that_comes_twice_is_refused():
    """Two rows of one name would hide each other."""
    with pytest.raises(ValueError, match="two rows are called 'tanh'"):
        reference.catalogue._collect([OPS["tanh"]], [OPS["tanh"]])


def test_a_row_has_at_most_ten_fields():
    """An eleventh field is a second record in hiding."""
    assert len(Op._fields) <= 10


@rows
def test_the_three_spellings_agree_on_the_inputs(op: Op):
    """Primal, TensorFlow call and vjp take one argument per domain; points and shapes have as many."""
    assert parameters(op.primal) == parameters(op.tf) == op.arity + 1
    assert parameters(op.vjp) == op.arity + 3
    assert op.shapes is None or len(op.shapes) == op.arity
    assert all(len(point) == op.arity for point in op.at)


@rows
def test_domains_and_dtypes_are_known(op: Op):
    """Domains are not empty, points by hand lie inside, dtypes are float dtypes in their usual order."""
    assert all(domain.low < domain.high for domain in op.domain)
    assert all(d.low <= v <= d.high for point in op.at for v, d in zip(point, op.domain, strict=True))
    assert op.dtypes == tuple(dtype for dtype in FLOATS if dtype in op.dtypes) != ()


@rows
@pytest.mark.parametrize("order", [1, 2])
def test_sympy_finds_a_closed_form(op: Op, order: int):
    """Neither derivative of any row is left unevaluated: derive would raise."""
    assert questions(op, "vjp", order) if op.shapes else partials(op, order)


@pytest.mark.parametrize("path", sorted(Path(reference.catalogue.__file__).parent.glob("*.py")), ids=lambda p: p.stem)
def test_the_table_is_read_by_old_pythons(path: Path):
    """The catalogue keeps to the syntax of Python 3.6."""
    ast.parse(path.read_text(), feature_version=(3, 6))
