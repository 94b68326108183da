"""Is a derivative the same under every name of its function? Every spelling of every row, at the quick points."""

from collections.abc import Iterator

import pytest

from reference.ask import Probe
from reference.catalogue.inventory import REFUSALS, Refusal
from reference.inventory import Inventory
from reference.judge import Verdict
from reference.op import FLOATS
from tests.planted_functions import BENT
from tests.spelled import OPS, Bench, Name, every, others, own_name

DTYPES = ["float32", *(pytest.param(dtype, marks=pytest.mark.deep) for dtype in FLOATS if dtype != "float32")]


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """The installed TensorFlow, asked for rows, for their spellings, and for some that are planted."""
    with Probe(catalogue="tests.planted_functions") as probe:
        yield Bench(probe)


def complaint(name: Name, verdict: Verdict, element: int) -> str:
    """What was asked, what is exact, and what came back, at one element."""
    question, found = verdict.question, verdict.outcomes[element]
    block = question.block is not None
    at = [float(x[element]) if block else x.tolist() for x in question.primals]
    got = verdict.message if verdict.got is None else float(verdict.got[element])
    exact = ", ".join(map(str, verdict.exact[element]))
    asked = f"{name} [{question.dtype}, order {question.order}, {verdict.entry}] at {at}"
    return f"{asked}: {found.status}; exact {exact}, got {got}"


def complaints(bench: Bench, name: Name, dtype: str) -> list[str]:
    """The first complaint about each order of a spelling, with how many there are."""
    found = []
    for order in (1, 2):
        failing = [complaint(name, *place) for place in bench.failing(name, dtype, order)]
        found += [f"{len(failing)} elements: {text}" for text in failing[:1]]
    return found


def covers(refusal: Refusal, name: Name, dtype: str) -> bool:
    """Whether a function may refuse a dtype."""
    return name.name.startswith(refusal.names) and dtype in refusal.dtypes


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_spelling_is_its_row_or_right_by_itself(inventory: Inventory, bench: Bench, dtype: str) -> None:
    """Every name answers its row's bits, or what its own trace allows around the exact value, in the same dtype."""
    asked = [name for name in others(inventory) if dtype in OPS[name.row].dtypes]
    assert len(asked) > 150
    wrong, met, asked_of = [], set(), set()
    for name in asked:
        refusals = {refusal for refusal in REFUSALS if covers(refusal, name, dtype)}
        asked_of |= refusals
        for line in complaints(bench, name, dtype):
            hit = {refusal for refusal in refusals if refusal.says in line}
            met |= hit
            wrong += [] if hit else [line]
    assert not wrong, "\n".join(wrong)
    assert met == asked_of, f"can be deleted: {asked_of - met}"


def test_a_row_calls_one_of_its_own_spellings(inventory: Inventory) -> None:
    """The function that a row asks is in the table under this row's name."""
    named = set(every(inventory))
    for row in OPS:
        own = inventory.first.get(own_name(row))
        assert own is None or own in inventory.uncalled or Name(row, own) in named, (
            f"{row} calls {own}, which is no spelling of it"
        )


BENT_SAYS = {
    "planted.factor": "wrong",
    "planted.dtype": "raised",
    "planted.error": "raised",
    "planted.honest": "right",
}


@pytest.mark.parametrize("name", BENT)
@pytest.mark.parametrize("order", [1, 2])
def test_a_wrong_spelling_is_caught(bench: Bench, name: str, order: int) -> None:
    """A gradient off by a factor of 1.00001, one of another dtype, and an error are found; other kernels are not."""
    before = bench.judged
    found = list(bench.failing(Name("tanh", name), "float32", order))
    assert bench.judged == before + 1, "the spelling has the row's bits"
    said = {verdict.outcomes[k].status for verdict, k in found}
    assert said == ({BENT_SAYS[name]} - {"right"})
