"""The known defects judged: every row is well-formed, still true, and hides nothing but what it names."""

import math
import re
from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest

from reference import alone, examples, judge, limits
from reference.ask import Probe
from reference.catalogue import OPS
from reference.examples import holds, question_of
from reference.kernels import KERNELS
from reference.limits import LIMITS, Limit, anywhere, named, symptom
from reference.modes import MODES
from reference.op import FLOATS, Op
from reference.outcome import FAILING, Outcome
from reference.points import cases, points, rounded
from reference.trial import Trial, ask_at
from reference.wire import pack

SYMPTOMS = {"nan", "infinite", "zero", "digits", "none", "raised", "crashed"}
#: What is wrong at every point: zeros for a derivative by a parameter, a term that is never there.
EVERYWHERE = (
    "zeta's second derivative loses a term",
    "zeta's derivative by its order is 0 where None has no place",
    "betainc's derivatives by its parameters are 0 where None has no place",
)
PLAIN = ([0.75], [0.75, 1.5], [0.75, 1.5, 0.625])  # points at which nothing special happens, by arity

EACH = pytest.mark.parametrize("limit", LIMITS, ids=[row.name for row in LIMITS])


@pytest.fixture(scope="module")
def trial(probe: Probe) -> Trial:
    """One trial for all examples."""
    return Trial(probe)


def covered(limit: Limit) -> list[Op]:
    """The ops that a row speaks of; a kernel's row with one region for all speaks of its example's."""
    if isinstance(limit.where, dict):
        return [OPS[name] for name in limit.where]
    return [OPS[name] for name in limit.who if name in OPS] or [OPS[limit.example[0]]]


# --- the form of a row


def test_names_are_unique() -> None:
    """No two rows share a name, for a verdict names its row."""
    names = [row.name for row in LIMITS]
    assert len(names) == len(set(names))


def test_a_row_has_at_most_eleven_fields() -> None:
    """A twelfth field would be a second record hiding in the row."""
    assert len(Limit._fields) <= 11


@EACH
def test_why_is_a_sentence(limit: Limit) -> None:
    """A reason begins with a capital, a number or a formula, ends with a full stop, and says something."""
    assert limit.why.endswith(".") and not limit.why.endswith("..")
    assert len(limit.why.split()) >= 10, limit.why
    assert not re.search(r"\s\s|\s$|^\s", limit.why)


@EACH
def test_a_row_names_what_exists(limit: Limit) -> None:
    """Ops, kernels, dtypes, modes, orders and symptoms are the suite's own words."""
    for name in limit.who:
        assert name[1:-1] in KERNELS if name.startswith("[") else name in OPS
    assert set(limit.dtypes) <= set(FLOATS) and set(limit.modes) <= set(MODES) and set(limit.orders) <= {1, 2}
    assert limit.symptoms and set(limit.symptoms) <= SYMPTOMS
    if isinstance(limit.where, dict) and not any(name.startswith("[") for name in limit.who):
        assert set(limit.where) == set(limit.who)


@EACH
def test_the_example_is_one_of_the_rows_own_points(limit: Limit) -> None:
    """A counterexample lies in its row's region, in its dtypes, modes and orders, and is exact."""
    name, mode, dtype, order, *primals = limit.example
    assert OPS[name] in covered(limit) and dtype in limit.dtypes and order in limit.orders
    assert not limit.modes or mode in limit.modes
    flat = np.hstack(primals)
    assert len(primals) == OPS[name].arity
    assert all(math.isinf(x) or rounded(float(x), dtype) == x for x in flat)
    assert limit.covers(name, dtype, [np.array(x) if isinstance(x, list) else float(x) for x in primals])


@EACH
def test_a_value_defect_is_not_everywhere(limit: Limit) -> None:
    """What is missing or raises may be listed for every point; numbers are wrong in a region with a cause."""
    if set(limit.symptoms) <= {"raised", "none"} or limit.name in EVERYWHERE:
        return
    assert limit.where is not anywhere
    for op in covered(limit):
        if op.shapes is None:
            plain = PLAIN[op.arity - 1]
            assert not all(limit.covers(op.name, "float64", [size * x for x in plain]) for size in (1, 64, -64))


@pytest.mark.parametrize("name", EVERYWHERE)
def test_what_is_listed_for_every_point_shows_at_every_point(trial: Trial, name: str) -> None:
    """Where a formula is simply another one, it is so at each of the row's points by hand."""
    limit = next(row for row in LIMITS if row.name == name)
    op, mode, dtype, order = limit.example[:4]
    for point in OPS[op].at:
        verdicts = trial.verdicts(ask_at(OPS[op], MODES[mode], dtype, order, [np.full(4, x) for x in point]))
        assert name in {o.limit for v in verdicts for o in v.outcomes}, point


@EACH
def test_regions_answer_at_every_point(limit: Limit) -> None:
    """Zeros, infinities, NaN and subnormal numbers are in a region or not, but raise nothing."""
    for op in covered(limit):
        for dtype in sorted(set(limit.dtypes) & set(op.dtypes)):
            for point in at_points(op, dtype):
                limit.covers(op.name, dtype, point)


def at_points(op: Op, dtype: str) -> Iterator[list]:
    """The deterministic points, one after the other; an array row's cases."""
    if op.shapes is not None:
        return iter(cases(op, dtype, "quick"))
    return (list(map(float, point)) for point in zip(*points(op, dtype, "quick"), strict=True))


# --- the truth of a row


@EACH
def test_the_limit_is_still_true(trial: Trial, limit: Limit) -> None:
    """TensorFlow is still wrong at the example in the way the row says; if not, the row can be deleted."""
    if not examples.can_show(trial, limit):
        pytest.skip(f"this machine has no {limit.needs}, which the defect needs")
    assert holds(trial, limit), f"{limit.name}: TensorFlow is right at {limit.example}: the row can be deleted"


@pytest.mark.deep
def test_every_limit_shows_in_a_plain_program(trial: Trial) -> None:
    """At most 15 lines of TensorFlow alone print the very numbers that were judged."""
    shown = [limit for limit in LIMITS if examples.can_show(trial, limit)]
    texts = [alone.program(limit) for limit in shown]
    assert all(len(text.splitlines()) <= 15 and "reference" not in text for text in texts)
    for limit, prints in zip(shown, alone.printed(texts), strict=True):
        assert alone.agrees(prints, alone.judged(trial, limit)), f"{limit.name}: {prints}"


def test_an_untrue_limit_is_told(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row whose example TensorFlow answers rightly does not hold."""
    lie = Limit("sin is zero at one", ("sin",), "zero", (1,), anywhere, ("sin", "tape", "float32", 1, 1.0), "A lie.")
    monkeypatch.setattr(limits, "LIMITS", (*LIMITS, lie))
    assert not holds(trial, lie)


def test_a_limit_that_another_row_hides_is_told(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second row for the same outcome is never the one that names it."""
    first = next(row for row in LIMITS if row.example[0] == "xlogy" and row.symptom == "zero")
    second = first._replace(name="the same again")
    monkeypatch.setattr(limits, "LIMITS", (*LIMITS, second))
    assert holds(trial, first) and not holds(trial, second)


# --- what a row must not hide


@pytest.mark.parametrize("answer", [math.nan, math.inf, 12.0])
def test_another_fault_at_a_limits_point_is_not_hidden(trial: Trial, answer: float) -> None:
    """Where a row says zero, a NaN, an infinity or another number is still a finding."""
    question = question_of(next(row for row in LIMITS if row.example[0] == "xlogy" and row.symptom == "zero"))
    base, honest = trial.basis(question)
    said = {"values": [pack(v.got if v.got is not None else v.question.cotangent, "float32") for v in honest]}
    assert {o.status for o in judge.judge(question, said, base)[0].outcomes} == {"known"}
    said["values"][0] = pack(np.full(examples.MANY, answer), "float32")
    assert {o.status for o in judge.judge(question, said, base)[0].outcomes} <= set(FAILING)


WRONG = Outcome("wrong", "value", math.inf, kernel="")
ROW = Limit("made up", ("sin",), "nan", (1,), lambda f, x: x == 2, ("sin", "tape", "float32", 1, 2.0), "For tests.",
            dtypes=("float32",), modes=("tape",))  # fmt: skip


def asked(**changes: object) -> tuple:
    """The arguments of `named` for a NaN of sin at 2, changed."""
    said = {"op": "sin", "mode": "tape", "dtype": "float32", "order": 1, "x": 2.0, "got": math.nan, **changes}
    question = ask_at(OPS[said["op"]], MODES[said["mode"]], said["dtype"], 1, [np.array([said["x"]])])
    return question._replace(order=said["order"]), 0, 0, WRONG, np.array([said["got"]])


def test_a_row_names_its_own_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    """Op, mode, dtype, order, symptom and region all agree."""
    monkeypatch.setattr(limits, "LIMITS", (ROW,))
    assert named(*asked()) is ROW


@pytest.mark.parametrize(
    "change",
    [{"op": "cos"}, {"mode": "persistent"}, {"dtype": "float64"}, {"order": 2}, {"x": 2.5}, {"got": 0.0}],
    ids=lambda change: next(iter(change)),
)
def test_a_row_names_nothing_else(monkeypatch: pytest.MonkeyPatch, change: dict) -> None:
    """One thing that differs is enough."""
    monkeypatch.setattr(limits, "LIMITS", (ROW,))
    assert named(*asked(**change)) is None


def test_a_kernels_row_follows_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel in brackets is found behind any op, and only where it is the one to blame."""
    monkeypatch.setattr(limits, "LIMITS", (ROW._replace(who=("[Sin]",)),))
    question, entry, element, found, got = asked()
    assert named(question, entry, element, found, got) is None
    assert named(question, entry, element, found._replace(kernel="Sin"), got) is not None


def test_a_loss_of_digits_is_known_only_as_far_as_it_goes(trial: Trial) -> None:
    """gelu's float64 derivative has eight digits: seven are known, and its negative, or three times it, is wrong."""
    question = ask_at(OPS["gelu"], MODES["tape"], "float64", 1, [np.array([1.0])])
    base, (verdict,) = trial.basis(question)
    assert verdict.status == "known" and verdict.got is not None
    for factor, status in ((1 - 1e-9, "known"), (1 + 2e-3, "wrong"), (-1, "wrong"), (3, "wrong")):
        answer = {"values": [pack(verdict.got * factor, "float64")]}
        (told,) = judge.judge(question, answer, base)
        assert told.status == status, factor


def test_an_exception_of_another_kind_is_not_known() -> None:
    """Where no gradient is registered, a LookupError is known and any other error is a finding."""
    limit = next(row for row in LIMITS if row.name == "no gradient of SoftsignGrad")
    assert limit.symptoms == {"raised": "LookupError"}
    question = question_of(limit)
    raised = Outcome("raised", "raised", math.inf)
    assert named(question, 0, 0, raised, None, "LookupError: gradient registry has no entry for: SoftsignGrad") is limit
    assert named(question, 0, 0, raised, None, "ValueError: shapes differ") is None


def test_regions_may_differ_by_op() -> None:
    """A row with a region per op covers those ops only."""
    row = ROW._replace(where={"sin": lambda f, x: x > 0, "cos": lambda f, x: x < 0})
    assert row.covers("sin", "float32", [1.0]) and not row.covers("sin", "float32", [-1.0])
    assert row.covers("cos", "float32", [-1.0]) and not row.covers("tan", "float32", [1.0])


@pytest.mark.parametrize(
    ("status", "got", "word"),
    [("raised", None, "raised"), ("crashed", None, "crashed"), ("missing", None, "none"), ("wrong", math.nan, "nan"),
     ("wrong", -math.inf, "infinite"), ("wrong", -0.0, "zero"), ("wrong", 3.0, "digits")],
)  # fmt: skip
def test_symptoms(status: str, got: float | None, word: str) -> None:
    """None, zero, NaN, an infinity, an error and a wrong number are different words."""
    assert symptom(status, got) == word


def test_a_machine_without_the_hardware_cannot_disprove() -> None:
    """A row that needs a processor's feature holds where the processor lacks it."""
    row = ROW._replace(needs="avx512f")
    plain = SimpleNamespace(probe=SimpleNamespace(hello={"cpu": {"flags": ["avx2"]}}))
    assert not examples.can_show(plain, row) and holds(plain, row)  # type: ignore[arg-type]
