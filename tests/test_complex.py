"""Functions of complex arguments: the convention, TensorFlow's derivatives, cuts, known limits, planted faults."""

import math
from collections.abc import Iterator

import numpy as np
import pytest
import sympy as sp
from flint import acb
from hypothesis import given
from hypothesis import strategies as st

from reference.ask import Probe
from reference.balls import working
from reference.catalogue import OPS
from reference.catalogue.complexes import COMPLEXES, TABLE
from reference.modes import MODES
from reference.outcome import FAILING
from reference.plane.derive import FUNCTIONS, partials, primal, pull, variables
from reference.plane.enclose import exact, sides
from reference.plane.judge import Verdict, worst
from reference.plane.limits import COPIES, LIMITS, XLA, Limit
from reference.plane.points import points, single
from reference.plane.question import Question
from reference.plane.trial import Trial, cells, question_of
from reference.wire import pack
from tests.complex_faults import FAULTS, Fault
from tests.strategies import share

PLAIN = {1: "tape", 2: "nested"}
FEW = 24  # so many points are asked in the modes that are not plain

EACH = pytest.mark.parametrize("name", TABLE)
ALL_LIMITS = (*LIMITS, *XLA)


@pytest.fixture(scope="module")
def trial(probe: Probe) -> Trial:
    """The installed TensorFlow."""
    return Trial(probe)


@pytest.fixture(scope="module")
def faulty() -> Iterator[Trial]:
    """The installed TensorFlow with every fault planted."""
    with Probe(catalogue="tests.complex_faults") as probe:
        yield Trial(probe)


def said(verdicts: list[Verdict]) -> str:
    """What fails, for a reader."""
    lines = [
        f"{v.question.op.name} {v.question.mode.name} {v.question.dtype} order {v.question.order} entry {v.entry} at "
        f"{v.question.point(k)} weight {v.question.cotangent[k]} got {None if v.got is None else v.got[k]} {o}"
        for v in verdicts
        for k, o in enumerate(v.outcomes)
        if o.status in FAILING
    ]
    return "\n".join(lines[:5])


def hold(trial: Trial, question: Question) -> list[Verdict]:
    """The verdicts, none of which fails."""
    verdicts = trial.verdicts(question)
    assert worst(verdicts) not in FAILING, said(verdicts)
    return verdicts


def thinned(question: Question, count: int) -> Question:
    """At most so many points, spread over the block."""
    return question.at(np.unique(np.linspace(0, question.length - 1, min(count, question.length)).astype(int)))


# -- the convention ---------------------------------------------------------------------------------------------


def by_two_real_variables(name: str, at: complex, c: complex) -> acb:
    """∂L/∂x + i ∂L/∂y of L = Re(conj(c) f(x + i y)), by SymPy in two real variables, to 30 digits."""
    x, y = sp.symbols("x y", real=True)
    z, w = variables(TABLE[name])
    f = primal(TABLE[name]).subs({z: x + sp.I * y, w: x - sp.I * y}, simultaneous=True)
    here = {x: sp.Rational(*at.real.as_integer_ratio()), y: sp.Rational(*at.imag.as_integer_ratio())}
    slopes = [sp.N(f.diff(v).subs(here), 40) for v in (x, y)]
    loss = [sp.re(sp.conjugate(sp.sympify(complex(c))) * slope) for slope in slopes]
    return acb(*(str(sp.N(part, 30)) for part in loss))


@pytest.mark.parametrize("name", [n for n, op in TABLE.items() if op.arity == 1])
def test_a_gradient_is_the_slope_by_both_parts(name: str) -> None:
    """c · conj(∂f/∂z) + conj(c) · ∂f/∂z̄ is ∂L/∂x + i ∂L/∂y, holomorphic or not."""
    at, c = -0.75 + 1.25j, 0.625 - 1.5j
    c = c.real + 0j if TABLE[name].real_output else c
    (d,) = sides(name, 1, "complex128", (at,))
    with working(100):
        found = pull(d[0,], d[1,], exact(c))
        assert float((found - by_two_real_variables(name, at, c)).abs_upper()) < 1e-25


def test_the_partials_are_those_of_the_catalogue() -> None:
    """A holomorphic row does not depend on the conjugate, and one that does says so by its primal."""
    for name, op in TABLE.items():
        by_conjugate = [e for (i,), e in partials(op, 1).items() if i % 2]
        says_so = op.real_inputs or primal(op).has(*variables(op)[1::2])
        assert any(e != 0 for e in by_conjugate) == bool(says_so), name


def test_named_functions_are_those_of_complex_balls() -> None:
    """The exact side computes with SymPy's principal branches, on both sides of every cut."""
    z = sp.Rational(-5, 4) + sp.I * sp.Rational(1, 1000)
    for kind, function in FUNCTIONS.items():
        if kind == "ImaginaryUnit":
            continue
        for at in (z, sp.conjugate(z), sp.I * z, -sp.I * z):
            due = complex(sp.N(getattr(sp, kind)(at), 25))
            found = complex(function(exact(complex(at))))
            assert abs(found - due) < 1e-12 * (1 + abs(due)), (kind, at)


# -- TensorFlow's derivatives -----------------------------------------------------------------------------------


@EACH
@pytest.mark.parametrize("order", [1, 2])
def test_derivatives_are_right(trial: Trial, name: str, order: int) -> None:
    """At the deterministic points every gradient is the exact one, as far as its formula can carry it."""
    dtype = COMPLEXES[(list(TABLE).index(name) + order) % 2]
    question = question_of(name, PLAIN[order], dtype, order)
    hold(trial, thinned(question, question.length if question.op.arity == order == 1 else 90))


MODES_IN_TURN = [(m.name, order) for m in MODES.values() for order in (1, 2) if m.asks[order - 1] is not None]


@pytest.mark.parametrize("mode, order", MODES_IN_TURN)
def test_modes_are_right(trial: Trial, mode: str, order: int) -> None:
    """Every mode, with a few rows each: all rows are asked by some."""
    turn = MODES_IN_TURN.index((mode, order))
    for place, name in enumerate(TABLE):
        if place % len(MODES_IN_TURN) == turn:
            hold(trial, thinned(question_of(name, mode, COMPLEXES[turn % 2], order), FEW))


@pytest.mark.deep
@EACH
def test_every_mode_dtype_and_order_is_right(trial: Trial, name: str) -> None:
    """Everything, at all points."""
    for op, mode, dtype, order in cells():
        if op == name:
            hold(trial, question_of(name, mode, dtype, order))


@pytest.mark.deep
def test_the_table_holds_what_tensorflow_accepts(probe: Probe) -> None:
    """A real row is asked at complex numbers: where TensorFlow has a gradient, the row stands in the table."""
    z = pack(np.array([0.75 + 0.5j]), "complex64")
    for name, op in OPS.items():
        if op.shapes is None and name not in TABLE:
            given = {"primals": [z] * op.arity, "cotangent": z, "tangents": [z] * op.arity}
            answer = probe.ask({"id": name, "op": name, "mode": "tape", "dtype": "complex64", "order": 1, **given})
            assert "raised" in answer, f"{name} has complex gradients: add it to reference/catalogue/complexes.py"


@st.composite
def drawn(draw: st.DrawFn) -> tuple[str, str, str, int, list[np.ndarray]]:
    """A cell and a handful of points: sizes within a few binades of one, some on an axis."""
    name, dtype = draw(st.sampled_from(sorted(TABLE)), label="op"), draw(st.sampled_from(COMPLEXES), label="dtype")
    order = draw(st.sampled_from((1, 2)), label="order")
    parts = st.floats(-8, 8, width=32) | st.sampled_from((0.0, -0.0, 1.0, -1.0))
    numbers = st.lists(st.builds(complex, parts, parts), min_size=3, max_size=3)
    columns = [np.array(draw(numbers, label="points"), dtype) for _ in range(TABLE[name].arity)]
    real = [c.real.copy() for c in columns]
    return name, PLAIN[order], dtype, order, real if TABLE[name].real_inputs else columns


@share(3)
@given(cell=drawn())
def test_derivatives_are_right_anywhere(probe: Probe, cell: tuple[str, str, str, int, list[np.ndarray]]) -> None:
    """At drawn points likewise."""
    name, mode, dtype, order, columns = cell
    question = question_of(name, mode, dtype, order)
    hold(Trial(probe), question.at(np.arange(len(columns[0])))._replace(primals=columns))


# -- branch cuts ------------------------------------------------------------------------------------------------

UPPER, LOWER = 0.0, -0.0
#: (op, point above or right, point below or left): the derivative jumps between the two.
CUTS = (
    ("sqrt", complex(-1.0, UPPER), complex(-1.0, LOWER)),
    ("rsqrt", complex(-4.0, UPPER), complex(-4.0, LOWER)),
    ("acosh", complex(0.5, UPPER), complex(0.5, LOWER)),
    ("asin", complex(2.0, UPPER), complex(2.0, LOWER)),
    ("acos", complex(-2.0, UPPER), complex(-2.0, LOWER)),
    ("asinh", complex(UPPER, 2.0), complex(LOWER, 2.0)),
)
#: Where TensorFlow takes no notice of a zero's sign: its formula squares z, or its kernel does not look.
DEAF = ("asin", "acos", "rsqrt")


def gradient(trial: Trial, name: str, z: complex, copies: int) -> complex:
    """The gradient at the first of so many copies of a point, which is one of its sides."""
    question = repeated(question_of(name, "tape", "complex128", 1), copies, z)
    (verdict,) = hold(trial, question)
    assert verdict.got is not None
    return complex(verdict.got[0])


def takes_its_side(trial: Trial, name: str, z: complex, copies: int = COPIES) -> bool:
    """Whether the gradient on a cut is that of a point just off it, where the sign of its zero says."""
    off = z + 1e-9j * math.copysign(1.0, z.imag) if z.imag == 0 else z + 1e-9 * math.copysign(1.0, z.real)
    found = gradient(trial, name, z, copies)
    return abs(found - gradient(trial, name, off, copies)) < 1e-6 * abs(found)


@pytest.mark.parametrize("name, one, other", CUTS)
def test_on_a_cut_the_sign_of_zero_chooses_the_side(trial: Trial, name: str, one: complex, other: complex) -> None:
    """+0 belongs to the upper (right) side and -0 to the lower (left) one, but where the formula is deaf to it."""
    assert len(sides(name, 1, "complex128", (one,))) == len(sides(name, 1, "complex128", (other,))) == 2
    chosen = [takes_its_side(trial, name, z) for z in (one, other)]
    assert sum(chosen) == (1 if name in DEAF else 2), chosen


@pytest.mark.parametrize("copies, heard", [(1, False), (COPIES, True)])
def test_the_square_root_hears_the_sign_of_zero_only_among_others(trial: Trial, copies: int, heard: bool) -> None:
    """The scalar and the vectorised kernel take different sides of the cut at -1 - 0 i; both are sides."""
    assert takes_its_side(trial, "sqrt", complex(-1.0, LOWER), copies) == heard


@pytest.mark.parametrize("name, at", [("log", -1.0), ("atanh", 2.0), ("log1p", -3.0), ("angle", -1.0)])
def test_some_derivatives_are_the_same_across_a_cut(name: str, at: float) -> None:
    """The function jumps by a constant, and its derivative has one side only."""
    assert len(sides(name, 1, "complex64", (complex(at, 0.0),))) == 1


@pytest.mark.parametrize("name", ["log", "sqrt", "reciprocal", "abs", "angle", "sign"])
def test_there_is_no_derivative_at_a_branch_point_or_pole(name: str) -> None:
    """The limits from different directions differ, or are infinite."""
    assert sides(name, 1, "complex64", (0j,)) == ()


def test_a_removable_singularity_has_its_limit() -> None:
    """sinc is even and smooth: its derivative at 0 is 0, its second derivative -π²/3."""
    (d,) = sides("sinc", 2, "complex128", (0j,))
    assert float(d[0,].abs_upper()) < 1e-300
    assert abs(complex(d[0, 0]) + math.pi**2 / 3) < 1e-12


def test_the_points_hold_what_they_promise() -> None:
    """Both zeros beside every axis point, all quadrants, infinities, NaN, branch points, both ends of the exponents."""
    for dtype in COMPLEXES:
        z = single(dtype)
        signs = {(np.signbit(v.real), np.signbit(v.imag)) for v in z if v == 0}
        assert len(signs) == 4 and {1 + 0j, -1 + 0j, 1j, -1j} <= set(z.tolist())
        assert {(v.real > 0, v.imag > 0) for v in z if v.real and v.imag} == {(a, b) for a in (0, 1) for b in (0, 1)}
        assert np.isnan(z).any() and np.isinf(z.real).any() and np.isinf(z.imag).any()
        size = np.finfo(dtype)
        finite = np.abs(z.real[np.isfinite(z)])
        assert finite.max() > size.max / 4 and 0 < finite[finite > 0].min() < size.tiny
    assert len(points(TABLE["pow"], "complex64")) == 2


# -- known limits -----------------------------------------------------------------------------------------------


def repeated(question: Question, copies: int, *point: complex) -> Question:
    """A question at so many copies of a point, with the weights of the first points."""
    columns = [np.full(copies, z, question.dtype) for z in point]
    real = [c.real.copy() for c in columns]
    return question.at(np.arange(copies))._replace(primals=real if question.op.real_inputs else columns)


def example(limit: Limit) -> Question:
    """Many copies of a limit's counterexample."""
    name, mode, dtype, order, *point = limit.example
    return repeated(question_of(name, mode, dtype, order), COPIES, *point)


@pytest.mark.parametrize("limit", ALL_LIMITS, ids=[row.name for row in ALL_LIMITS])
def test_the_limit_is_still_true(trial: Trial, limit: Limit) -> None:
    """TensorFlow is still wrong at the example in the way the row says; if not, the row can be deleted."""
    verdicts = trial.verdicts(example(limit))
    met = {o.limit for v in verdicts for o in v.outcomes}
    assert limit.name in met, f"{limit.name}: can be deleted ({met}, {[v.counts for v in verdicts]})"
    assert worst(verdicts) not in FAILING, said(verdicts)


@pytest.mark.parametrize("limit", ALL_LIMITS, ids=[row.name for row in ALL_LIMITS])
def test_a_limit_is_well_formed(limit: Limit) -> None:
    """A reason is a sentence, and what a row names exists."""
    assert limit.why.endswith(".") and len(limit.why.split()) >= 10 and "  " not in limit.why
    assert all(who.startswith("[") or who in TABLE for who in limit.who.split())
    assert set(limit.modes.split()) <= set(MODES) and set(limit.orders) <= {1, 2}
    assert set(limit.symptom.split()) <= {"nan", "infinite", "zero", "digits", "none", "raised"}
    assert [row.name for row in ALL_LIMITS].count(limit.name) == 1


# -- planted faults ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", FAULTS, ids=[f"{f.op}: {f.what}" for f in FAULTS])
def test_a_fault_is_killed(faulty: Trial, fault: Fault) -> None:
    """Where it has to show the suite says wrong, or None; the innocent in the same wrapping passes."""
    question = thinned(question_of(fault.op, PLAIN[fault.order], fault.dtype, fault.order), 120)
    verdicts = faulty.verdicts(question)
    assert (worst(verdicts) in FAILING) != fault.innocent, said(verdicts)


def test_the_faults_are_on_different_rows() -> None:
    """They are planted together, so none may hide another."""
    assert len({fault.op for fault in FAULTS}) == len(FAULTS)
