"""Does a bad element spoil its neighbours? A NaN, an infinity, a zero or what lies outside, beside good ones."""

from itertools import product

import pytest

from reference.ask import Probe
from reference.catalogue import OPS
from reference.judge import Verdict
from reference.modes import MODES
from reference.outcome import FAILING
from reference.trial import Trial, questions
from tests import leaking
from tests.leaking import INNOCENT, LANES, named
from tests.neighbours import (
    FEWEST,
    LEAKS,
    LENGTHS,
    Harm,
    Spoil,
    everything,
    good,
    harms,
    independent,
    leak,
    plan,
    way,
)  # fmt: skip
from tests.strategies import Cell, cells_of

EACH = pytest.mark.parametrize("name", OPS)


def unexplained(trial: Trial, name: str, cell: Cell, spoils: list[Spoil]) -> list[Harm]:
    """The harms that are no finding of the table."""
    question = good(OPS[name], cell)
    return [harm for harm in harms(trial, question, spoils) if not leak(question, harm)]


@EACH
def test_good_elements_are_answered_as_well_beside_bad_ones(trial: Trial, name: str) -> None:
    """Whatever stands beside a good element, at every length by tape and in one mode more, its verdict is no worse."""
    for cell, spoils in plan()[name]:
        assert not unexplained(trial, name, cell, spoils), cell


@pytest.mark.deep
@EACH
def test_no_bad_element_anywhere_spoils_a_good_one(probe: Probe, name: str) -> None:
    """The same in every mode, order and dtype, for every bad value in every tensor at every position."""
    for cell in cells_of(OPS[name]):
        assert not unexplained(Trial(probe), name, cell, list(everything(OPS[name], cell))), cell


# -- what is asked ------------------------------------------------------------------------------------------


def asked() -> list[tuple[Cell, Spoil]]:
    """Every default question about a vector."""
    return [(c, s) for name, cells in plan().items() if OPS[name].shapes is None for c, spoils in cells for s in spoils]


def test_any_two_choices_meet() -> None:
    """Bad value, lane, position, length, dtype and mode: over the catalogue, by pairs, each is asked with each."""
    values = {spoil.bad for _, spoil in asked()} - {"below", "above"}  # few domains have an outside
    modes = {(m.name, n) for m in MODES.values() for n in (1, 2) if m.asks[n - 1]}
    tape = [spoil for cell, spoil in asked() if cell.mode.name == "tape"]
    assert len(values) == 9 and {(s.length, s.position) for s in tape} == {(n, p) for n in LENGTHS for p in range(n)}
    assert {(s.bad, s.length) for s in tape} >= set(product(values, LENGTHS))
    assert {(s.bad, s.position % 8) for s in tape} >= set(product(values, range(8)))
    assert {(way(c), s.bad) for c, s in asked()} >= set(product(modes, values))
    assert {(way(c), s.position) for c, s in asked()} >= set(product(modes, range(FEWEST[0])))
    assert {(c.dtype, s.bad) for c, s in asked()} >= set(product({c.dtype for c, _ in asked()}, values))


def test_every_tensor_is_spoilt() -> None:
    """Each input, all at once, the cotangent, and the tangents where a mode reads them."""
    assert {len(spoil.place) for _, spoil in asked()} == {1, *(op.arity for op in OPS.values() if op.shapes is None)}
    for name, op in OPS.items():
        places = {spoil.place for cell, spoils in plan()[name] for spoil in spoils}
        assert places >= {(i,) for i in range(op.arity + 1)}, name  # the inputs, and the cotangent behind them


def test_what_depends_on_what_is_read_off_the_exact_derivative() -> None:
    """A softmax's rows are independent; a matrix product's gradient does not depend on its own factor."""
    (free,) = independent(OPS["softmax"], "vjp", 1, 0, 1)
    assert free.tolist() == [3, 4, 5]
    by_a, by_b = independent(OPS["matmul"], "vjp", 1, 0, 1)
    assert by_a.tolist() == [0, 2, 3, 4, 5] and by_b.tolist() == [0, 1, 4, 5]  # a[0, 1] meets row 1 of b
    (free,) = independent(OPS["norm"], "vjp", 1, 0, 1)
    assert not len(free)


def test_most_array_rows_have_independent_elements() -> None:
    """The claim is about something: of most arrays some element stays good."""
    rows = [name for name, op in OPS.items() if op.shapes is not None]
    free = [n for n in rows if any(len(f) for f in independent(OPS[n], "vjp", 1, 0, 0))]
    assert len(free) > 0.8 * len(rows)


# -- what is found ------------------------------------------------------------------------------------------


def test_a_finding_explains_nothing_but_nan() -> None:
    """Another number, None, an error, or a NaN by a third element is no finding of the table."""
    question = good(OPS["sqrt"], Cell(MODES["jacobian"], "float32", 1))
    harm = Harm(Spoil("zero", (0,), 1, 7), 0, 0, "right", None, "nan")
    assert leak(question, harm) == LEAKS[0].name
    assert not any(leak(question, harm._replace(said=said)) for said in ("0.5", "inf", "None", "raised", "nan by 2"))
    assert not leak(good(OPS["sqrt"], Cell(MODES["tape"], "float32", 1)), harm)


# -- what is planted ----------------------------------------------------------------------------------------


def leaks(trial: Trial, op: str, name: str, dtype: str = "float32") -> list[Harm]:
    """The harms of one planted row, asked as every row is by tape."""
    (spoils,) = (spoils for cell, spoils in plan()[op] if cell.mode.name == "tape")
    cell = Cell(MODES["tape"], dtype, 1)
    return harms(trial, good(OPS[op], cell)._replace(op=leaking.PLANTED[name]), spoils)


EACH_LEAK = pytest.mark.parametrize("op, fault", leaking.LEAKS, ids=[named(*row) for row in leaking.LEAKS])


@EACH_LEAK
def test_a_leak_is_found(bent: Trial, op: str, fault: leaking.Leak) -> None:
    """Where a planted gradient lets a bad element into its neighbours', these are told, in the lanes it reaches."""
    found = leaks(bent, op, named(op, fault))
    assert found
    if fault in LANES:
        assert len({harm.spoil.length for harm in found}) < len(LENGTHS) - 1


@EACH_LEAK
def test_no_other_question_finds_it(bent: Trial, op: str, fault: leaking.Leak) -> None:
    """The deterministic points, as `verify` asks them, raise no alarm about the same gradient, nor do good ones."""
    row = leaking.PLANTED[named(op, fault)]
    for tier in ("quick", "full"):
        for question in questions(OPS[op], MODES["tape"], "float32", 1, tier):
            assert not failing(bent.verdicts(question._replace(op=row)))
    assert not failing(bent.verdicts(good(OPS[op], Cell(MODES["tape"], "float32", 1))._replace(op=row)))


@pytest.mark.parametrize("op, fault", INNOCENT, ids=[op for op, _ in INNOCENT])
def test_the_same_wrapping_without_a_leak_raises_no_alarm(bent: Trial, op: str, fault: leaking.Leak) -> None:
    """It is the leak that is found and not the custom gradient around it."""
    assert not leaks(bent, op, named(op, fault))


def failing(verdicts: list[Verdict]) -> list[str]:
    """The statuses that a gate does not let through."""
    return [v.status for v in verdicts if v.status in FAILING]
