"""The judge judged: every planted fault is killed, and no innocent is accused in the same questions."""

from collections import Counter
from collections.abc import Iterator

import pytest

from reference.catalogue import FAMILIES
from reference.op import FLOATS
from reference.outcome import FAILING
from tests import killtable
from tests.faults import BLIND, FAULTS, KINDS, Fault
from tests.killtable import Court, killed
from tests.planting import HONEST, OPS, innocent

NAMED = {
    "sign", "factor", "dropped term", "swapped arguments", "cotangent ignored", "wrong only in a region",
    "one bit pattern", "None", "NaN", "narrow dtype inside", "broadcasting sum missing", "wrong shape",
    "second order only", "one mode only",
}  # fmt: skip


@pytest.fixture(scope="module")
def court() -> Iterator[Court]:
    """One honest TensorFlow and one with faults in its registries, for all faults."""
    with killtable.court() as tried:
        yield tried


def questioned(planted: bool) -> dict[str, Fault]:
    """One fault for each different question that is put to the faults, by the question's name."""
    asked = {f"{f.op} {f.asked_in} {f.dtype}": f for f in FAULTS.values() if planted or not f.planted}
    return dict(sorted(asked.items()))


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_killed(court: Court, name: str) -> None:
    """In the questions in which it has to show, at least one answer is judged wrong."""
    assert killed(court.verdicts(FAULTS[name])), f"{name} survives"


@pytest.mark.parametrize("asked", questioned(planted=True))
def test_the_function_itself_is_not_accused(court: Court, asked: str) -> None:
    """Without the fault the same questions raise no alarm."""
    fault = questioned(planted=True)[asked]
    assert not killed(court.verdicts(fault, OPS[fault.op])), f"{asked}: false alarm"


@pytest.mark.parametrize("asked", questioned(planted=False))
def test_the_right_formula_in_the_same_wrapping_is_not_accused(court: Court, asked: str) -> None:
    """It is the fault that is found and not the custom gradient around it: the textbook formula passes."""
    fault = questioned(planted=False)[asked]
    assert not killed(court.verdicts(fault, OPS[innocent(fault.op)])), f"{asked}: false alarm"


@pytest.mark.parametrize("name", [f.name for f in FAULTS.values() if f.kind == "one bit pattern"])
def test_one_bit_pattern_is_enough(court: Court, name: str) -> None:
    """A fault at a single point is found there and nowhere else: the deterministic points contain it."""
    verdicts = court.verdicts(FAULTS[name])
    failing = {k for v in verdicts for k, o in enumerate(v.outcomes) if o.status in FAILING}
    at = {tuple(float(x[k]) for x in verdicts[0].question.primals) for k in failing}
    assert len(at) == 1, at


@pytest.mark.parametrize("fault", BLIND, ids=lambda fault: fault.name)
def test_what_the_suite_is_blind_to(court: Court, fault: Fault) -> None:
    """A fault listed as not seen is really not seen; the first time it is, its row belongs to the table."""
    assert fault.note
    assert not killed(court.verdicts(fault)), f"{fault.name} is seen now: move it into the table"


def test_the_table_is_wide() -> None:
    """Every kind, family and dtype, both orders and all ways of planting are there, and names are unique."""
    faults = FAULTS.values()
    assert len(FAULTS) == sum(len(rows) for rows in KINDS.values()) >= 70
    assert set(KINDS) == NAMED and min(Counter(f.kind for f in faults).values()) >= 4
    assert {HONEST[f.op].family for f in faults} == set(FAMILIES) and len({f.op for f in faults}) >= 30
    assert {f.dtype for f in faults} == set(FLOATS)
    assert {f.order for f in faults} == {1, 2} and len({f.asked_in for f in faults}) >= 10
    assert {f.registry for f in faults} == {"", "registry", "forward rule", "pfor"}
    assert not set(FAULTS) & {f.name for f in BLIND} and not set(FAULTS) & set(HONEST)


def test_a_registry_holds_one_fault_per_kernel() -> None:
    """They are planted together, so none may hide another."""
    assert max(Counter(f.planted for f in FAULTS.values() if f.planted).values()) == 1


@pytest.mark.deep
def test_the_tables_are_up_to_date() -> None:
    """What README.md and tests/README.md print is what `python -m tests.killtable` finds."""
    found = killtable.results()
    assert killtable.standing(killtable.SUMMARY) == killtable.table(found)
    assert killtable.standing(killtable.WHOLE) == killtable.whole(found)
