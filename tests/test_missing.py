"""Are missing derivatives told apart? None, zero, an unregistered gradient and another error, for every direction."""

import math

import numpy as np
import pytest

from reference import limits
from reference.ask import Probe
from reference.catalogue import OPS
from reference.missing import KINDS, MEANS, WAYS, Line, asked, kind, line, written
from reference.op import FLOATS
from reference.outcome import Outcome
from reference.trial import Trial
from reference.wire import pack
from tests import gaps

HAS = dict.fromkeys(WAYS, "has")
REVERSE, SECOND = "reverse", "reverse over reverse"
FORWARD = [way for way in WAYS if "forward" in way]
RAISING = [SECOND, "forward over reverse", "forward over forward"]

#: A ForwardAccumulator runs a custom gradient, where it may raise, but goes by the kernels inside the function.
DUE = {
    "a kernel without gradient": dict.fromkeys(WAYS, "unregistered"),
    "gradient None": {REVERSE: "None", SECOND: "None", "forward over reverse": "None"},
    "gradient zero": {REVERSE: "zero", SECOND: "None", "forward over reverse": "None"},
    "second None": {SECOND: "None"},
    "second zero": {SECOND: "zero"},
    "second unregistered": dict.fromkeys(RAISING, "unregistered"),
    "second raises": dict.fromkeys(RAISING, "error"),
    "second right": {},
    "a forward rule that raises": dict.fromkeys(FORWARD, "error"),
}


@pytest.mark.parametrize("name", DUE)
def test_the_ways_of_missing_are_told_apart(bent: Trial, name: str) -> None:
    """Each planted gap is named in each direction that it closes, and in no other."""
    found = line(bent.probe, gaps.PLANTED[name], "float32")
    assert dict(zip(WAYS, found.kinds, strict=True)) == HAS | DUE[name]


@pytest.mark.parametrize("name, dtype, lacks", [
    ("tanh", "float32", ()),
    ("matmul", "float32", ()),
    ("softsign", "float32", ("unregistered",)),
    ("lgamma", "float16", ("error",)),
    ("floor", "float32", ()),
])  # fmt: skip
def test_what_tensorflow_lacks(probe: Probe, name: str, dtype: str, lacks: tuple[str, ...]) -> None:
    """SoftsignGrad has no gradient and float16 no Polygamma; None for floor's zero derivative lacks nothing."""
    found = line(probe, OPS[name], dtype)
    assert set(found.kinds) - {"has"} == set(lacks)
    assert not lacks or found.kinds[list(WAYS).index(REVERSE)] == "has"
    if "unregistered" in lacks:
        assert set(filter(None, found.said)) == {"LookupError: gradient registry has no entry for: SoftsignGrad"}


def test_an_answer_is_called_by_its_worst_entry() -> None:
    """One None among several derivatives is None; a crash is an error; a zero beside None is not hidden by it."""
    question = asked(OPS["multiply"], REVERSE, "float64")
    good, zero = (pack(v, "float64") for v in (np.ones(question.block), np.zeros(question.block)))
    for records, due in (([good, good], "has"), ([good, zero], "zero"), ([zero, None], "None"), ([None, good], "None")):
        assert kind(question, {"values": records}) == due
    assert kind(question, {"crashed": "signal 6"}) == "error"
    assert kind(question, {"raised": "LookupError: no entry"}) == "unregistered"
    assert kind(question, {"raised": "TypeError: LookupError"}) == "error"


def test_the_table_is_written_with_what_was_said() -> None:
    """Rows that lack nothing are counted, the others shown, each error once."""
    said = ("",) * 4 + ("LookupError: x",) * 2
    whole, torn = (
        Line("sin", ("has",) * 6, ("",) * 6),
        Line("tan", ("has",) * 3 + ("None",) + ("unregistered",) * 2, said),
    )
    text = written([whole, torn])
    assert "sin" not in text and text.count("LookupError: x") == 1 and "1 of 2 rows" in text
    assert set(MEANS) == set(KINDS) and all(f"{word}: " in text for word in KINDS if word != "has")


@pytest.mark.deep
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", OPS)
def test_whatever_is_missing_is_a_limit(probe: Probe, name: str, dtype: str) -> None:
    """No row lacks a derivative in any direction but where a limit says so."""
    if dtype not in OPS[name].dtypes:
        return
    row = line(probe, OPS[name], dtype)
    for (way, (mode, order)), found, said in zip(WAYS.items(), row.kinds, row.said, strict=True):
        question = asked(OPS[name], way, dtype)
        status = {"None": "missing", "unregistered": "raised", "error": "raised"}.get(found, "wrong")
        if found != "has":
            got = np.zeros(1) if found == "zero" else None
            named = limits.named(question, 0, 0, Outcome(status, status, math.inf), got, said)
            assert named, f"{mode} {order}: {found}"
