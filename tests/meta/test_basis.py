"""How precise a replay is made: as far as it takes, and no farther than it helps."""

from typing import Any

import numpy as np
import pytest

from reference import replay
from reference.basis import PRECISIONS, Basis
from reference.catalogue import OPS
from reference.modes import MODES
from reference.trial import Trial, ask_at


def refined(trial: Trial, op: str, x: float) -> tuple[Basis, list[int]]:
    """The basis of a gradient at one point, and at how many bits it was replayed anew."""
    base, _ = trial.basis(ask_at(OPS[op], MODES["tape"], "float64", 1, [np.array([x])]))
    return base, [bits for _, bits in base.refined]


@pytest.mark.parametrize("x, bits", [(0.5, []), (100.0, [400]), (300.0, [400, 1400])])
def test_precision_grows_where_a_formula_cancels(trial: Trial, x: float, bits: list[int]) -> None:
    """1 - y * y loses 2.9 bits per unit of x, and is replayed until 73 are left."""
    base, found = refined(trial, "tanh", x)
    assert found == bits and base.formula[0] is not None
    assert base.formula[0][0].rel_accuracy_bits() > 73


def test_it_ends_where_a_literal_was_rounded(trial: Trial) -> None:
    """pi / 180 is known to half a unit in its last digit, and no precision makes more of it."""
    base, found = refined(trial, "deg2rad", 0.75)
    assert found == [PRECISIONS[1]] and base.formula[0] is not None
    assert 45 < base.formula[0][0].rel_accuracy_bits() < 60


def test_the_machines_balls_are_replayed_only_where_that_counts(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where 128 bits are far more than the contracts leave, the formula alone is replayed at more."""
    values: list[int] = []

    def noted(trace: replay.Trace, precision: int = 128) -> dict[str, Any]:
        values.append(precision)
        return value(trace, precision)

    value = replay.value
    monkeypatch.setattr(replay, "value", noted)
    _, found = refined(Trial(trial.probe), "tanh", 30.0)
    assert found == [400] and values == [128]
