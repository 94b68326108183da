"""The replays: what is remembered, what is cut, and what a rounding does at the end of the floats."""

import numpy as np
import pytest
from flint import arb

from reference import replay
from reference.balls import working
from reference.replay import MEMORY, Memory, Node, Tensor, Trace
from reference.rounding import Rounding

Array = np.ndarray


def trace(nodes: list[Node], **tensors: object) -> Trace:
    """A recorded trace in float32 of a block of three points; `x` is its source."""
    read = {
        name: Tensor(np.array(v), "bool" if np.array(v).dtype == bool else "float32") for name, v in tensors.items()
    }
    return Trace(tuple(nodes), read, frozenset(["x"]), (nodes[-1].outputs[0],), "float32", 3)


def mul(a: str, b: str, out: str) -> Node:
    """out = a * b."""
    return Node("Mul", {}, (a, b), (out,))


X = [1.5, 2.5, -0.75]
SQUARE = trace([mul("x", "x", "y")], x=X, y=[2.25, 6.25, 0.5625])


def test_the_same_kernel_on_the_same_operands_is_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second trace that begins alike takes over what the first one made."""
    asked: list[bytes] = []
    recall = Memory.recall
    monkeypatch.setattr(replay, "MEMORY", Memory())
    monkeypatch.setattr(Memory, "recall", lambda self, key, f: recall(self, key, lambda: asked.append(key) or f()))
    first = replay.formula(SQUARE)["y"]
    count = len(asked)
    longer = trace([mul("x", "x", "y"), mul("y", "x", "z")], **{k: t.values for k, t in SQUARE.tensors.items()}, z=X)
    assert replay.formula(longer)["y"] is first
    assert len(asked) == count + 1


@pytest.mark.parametrize(
    "other",
    [
        SQUARE._replace(tensors={**SQUARE.tensors, "x": Tensor(np.array([1.5, 2.5, 0.75]), "float32")}),
        SQUARE._replace(
            tensors={**SQUARE.tensors, "x": Tensor(np.array([1.5, 2.5, np.nextafter(-0.75, 0)]), "float32")}
        ),
        SQUARE._replace(nodes=(Node("AddV2", {}, ("x", "x"), ("y",)),)),
        SQUARE._replace(sources=frozenset()),
        SQUARE._replace(dtype="float64"),
    ],
)
def test_whatever_changes_the_outcome_is_another_key(other: Trace) -> None:
    """A zero's sign, one bit, the kernel, what is a literal, the question's dtype."""
    before = set(MEMORY.made)
    replay.value(SQUARE)
    middle = set(MEMORY.made) | before
    replay.value(other)
    assert set(MEMORY.made) - middle


def test_formula_value_and_precision_are_kept_apart() -> None:
    """The formula's ball is exact, the machine's is not, and a higher precision is narrower."""
    third = trace([Node("RealDiv", {}, ("x", "d"), ("y",))], x=X, d=[7.0] * 3, y=X)
    low, high = (replay.formula(third, bits)["y"][0].rad() for bits in (128, 400))
    wide = replay.value(third)["y"][0].rad()
    assert high < low < wide


def test_a_decision_that_balls_leave_open_is_taken_from_the_trace() -> None:
    """Two traces that differ in a recorded decision alone are two."""
    nodes = [Node("Greater", {}, ("a", "b"), ("c",)), Node("SelectV2", {}, ("c", "x", "b"), ("y",))]
    taken = [
        replay.formula(trace(nodes, x=X, a=[0.1] * 3, b=[0.1] * 3, c=[choice] * 3, y=X))["y"][0]
        for choice in (True, False)
    ]
    assert taken[0].overlaps(arb(1.5)) and not taken[1].overlaps(arb(1.5))


def test_the_memory_forgets_before_it_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    """More balls than there is room for: the old ones go."""
    monkeypatch.setattr(Memory, "ROOM", 5)
    memory = Memory()
    for k in range(9):
        memory.recall(bytes([k]), lambda: [np.zeros(2)])
    assert len(memory.made) < 9


def test_some_points_say_nothing_of_a_sum_over_all() -> None:
    """The audit of a part of a block leaves reductions over the block alone, and only there."""
    node = Node("Sum", {"keep_dims": False}, ("x", "axis"), ("y",))
    whole = trace([node], x=X, y=3.25)
    whole = whole._replace(tensors={**whole.tensors, "axis": Tensor(np.array([0]), "int32")})
    (right,), (wrong,) = replay.audit(whole), replay.audit(whole._replace(tensors=lied(whole)))
    assert right.kept.all() and not wrong.kept.any()
    (cut,) = replay.audit(whole.take(np.array([0, 2])))
    assert cut.kept.all() and not cut.exact[()].is_finite()


def lied(whole: Trace) -> dict[str, Tensor]:
    """The tensors with another sum."""
    return {**whole.tensors, "y": Tensor(np.array(4.25), "float32")}


@pytest.mark.parametrize(
    "ball, finite, infinite",
    [
        (arb(1.5), True, False),
        (arb(2) ** 200, False, True),
        (arb(0, 2.0**200), False, False),  # wide around zero: any float, infinities too
        (arb(2) ** 127 * 2, False, False),  # between the largest float and the next step
    ],
)
def test_what_a_rounding_does_beyond_the_largest_float(ball: arb, finite: bool, infinite: bool) -> None:
    """Certainly beyond is infinite; perhaps beyond is anything."""
    with working(128):
        rounded = Rounding("float32")(ball)
    assert rounded.is_finite() == finite
    assert (rounded == arb.pos_inf()) == infinite
    if not finite and not infinite:
        assert replay.within(rounded, np.inf) and replay.within(rounded, 1.0)


def test_subnormal_and_infinite_operands_are_outside_any_contract() -> None:
    """What a kernel makes of them binds nobody."""
    tiny = trace([mul("x", "x", "y")], x=[2.0**-130, np.inf, 1.5], y=[7.0, 7.0, 7.0])
    (audit,) = replay.audit(tiny)
    assert audit.kept.tolist() == [True, True, False]
    assert audit.bound.tolist() == [False, False, True]
