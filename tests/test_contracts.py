"""Kernels whose contract was derived: at the worst points that were met they keep it, and beyond it they are named."""

import numpy as np
import pytest

from reference import kernels
from reference.catalogue import OPS
from reference.modes import MODES
from reference.question import Question
from reference.replay import MEMORY
from reference.trial import Trial

VECTOR = 8  # float32 numbers that Eigen's vectorised kernels take at a time with AVX
RECIPROCAL = ("0x1.04afep+0", "0x1.04afep+100", "0x1.01d352p+103")  # each the worst of its binade


def log_at(x: str) -> Question:
    """The gradient of log, which is a reciprocal times the cotangent, at a vector of one number."""
    point = np.full(VECTOR, float.fromhex(x))
    half = np.full(VECTOR, 0.5)  # a power of two: the product is exact
    return Question(OPS["log"], MODES["tape"], "float32", 1, [point], half, [half])


@pytest.mark.parametrize("x", RECIPROCAL)
def test_the_reciprocal_keeps_its_contract(trial: Trial, x: str) -> None:
    """An estimate and one Newton step are within 4.25 * 2^-24, and 2.96 ULP is the most that was met below 2^103.7."""
    (verdict,) = trial.verdicts(log_at(x))
    assert verdict.status == "right" and max(o.ulp for o in verdict.outcomes) <= 4.25


def test_a_narrower_contract_is_broken_there(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    """The points are worth asking: one rounding, as a division has, would not be a contract that is kept."""
    (verdict,) = trial.verdicts(log_at(RECIPROCAL[0]))
    if max(o.ulp for o in verdict.outcomes) < 2:
        pytest.skip("this processor's estimate of a reciprocal is better than 12 bits, so that nothing can be seen")
    row = kernels.KERNELS["Reciprocal"]
    narrow = row._replace(contract=row.contract._replace(float32_ulp=0.5))
    monkeypatch.setitem(kernels.KERNELS, "Reciprocal", narrow)
    monkeypatch.setattr(MEMORY, "made", {})
    (verdict,) = Trial(trial.probe).verdicts(log_at(RECIPROCAL[0]))
    assert verdict.status == "wrong" and verdict.outcomes[0].kernel == "Reciprocal"


def test_where_the_correction_is_flushed_a_limit_names_it(trial: Trial) -> None:
    """At 2^105 up to 8.9 ULP are lost: what is beyond the contract is known, with its name."""
    (verdict,) = trial.verdicts(log_at("0x1.0329ecp+105"))
    assert {o.limit for o in verdict.outcomes} <= {"", "Reciprocal loses digits at large x"}
    assert verdict.status == ("known" if max(o.ulp for o in verdict.outcomes) > 2 * 2.625 else "right")
