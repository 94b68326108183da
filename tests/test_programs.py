"""The documented programs: what they compute in the installed TensorFlow, and each step held to exact arithmetic."""

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from reference import wire
from reference.ask import Probe
from reference.golden.judged import bounds, judged
from reference.golden.log import Log, chosen
from reference.golden.steps import checks
from reference.programs import PROGRAMS, eager, regression
from reference.programs.__main__ import Runner, steps
from tests.logs import documented


def asked(runner: Probe, program: str, **setting: Any) -> list[dict[str, np.ndarray | None]]:
    """The values of every step of a program."""
    answer = runner.ask({"id": program, "program": program, "setting": setting})
    assert "steps" in answer, answer
    return [{k: None if v is None else wire.unpack(v)[0] for k, v in record.items()} for record in answer["steps"]]


SHORT = {name: {"iterations": 3} for name in PROGRAMS if name not in ("tape_gradients", "swapped_gradient")}
SHORT["partial_derivatives"] = {}


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_program_runs(name: str, runner: Probe) -> None:
    """Each yields its start and its steps, and every float is finite."""
    records = asked(runner, name, **SHORT.get(name, {}))
    assert records and all(v is None or np.isfinite(v).all() for record in records for v in record.values())


def test_univariate_is_the_same_in_numpy_and_in_tensorflow_to_its_digits(runner: Probe) -> None:
    """float32 follows float64 to six digits."""
    ours = list(regression.univariate_numpy(None, 0.0001, 10, "mean", "before"))
    theirs = asked(runner, "univariate_tensorflow")
    for one, other in zip(ours, theirs, strict=True):
        assert other["w"] == pytest.approx(one["w"], rel=1e-6) and other["b"] == pytest.approx(one["b"], rel=1e-6)


def test_the_longer_programs_are_the_shorter_ones_with_another_setting(runner: Probe) -> None:
    """The regressions of 001 are those of 000."""
    first = asked(runner, "longer_univariate", iterations=5)
    assert first == asked(runner, "univariate_tensorflow", iterations=5)
    other = asked(runner, "longer_multivariate", iterations=5)
    again = asked(runner, "multivariate_tensorflow", rate=0.001, iterations=5)
    assert [r["W"].tobytes() for r in other] == [r["W"].tobytes() for r in again]


def test_adam_goes_to_fifty_and_beyond(runner: Probe) -> None:
    """-94 at 3; the first step is 3.9999933, 28 ULP below 4, from TensorFlow 2.11 on; it overshoots to 50.5285."""
    records = asked(runner, "adam")
    x = [float(record["x"]) for record in records]
    assert float(records[0]["dy_dx"]) == -94.0 and len(x) == 201
    first = np.float32(x[1])
    assert (4 - first) / np.spacing(np.nextafter(np.float32(4), np.float32(0))) == 28
    assert f"{x[10]:.5f}" == "12.91818"
    assert max(x) == x[93] and f"{x[93]:.4f}" == "50.5285" and f"{x[200]:.7f}" == "50.0027351"


def test_a_swapped_gradient_is_none(runner: Probe) -> None:
    """`gradient(x, y)`: x does not depend on y."""
    (record,) = asked(runner, "swapped_gradient")
    assert record["gradient"] is None and record["again"] is None and float(record["x"]) == 2


def test_two_ways_to_the_minimum_have_the_same_bits(runner: Probe) -> None:
    """By hand and by the optimizer: x after a hundred steps, and y before the last."""
    by_hand, by_sgd = asked(runner, "minimum_by_hand")[-1], asked(runner, "minimum_by_sgd")[-1]
    assert by_hand == by_sgd


def test_the_eager_regression_learns_what_it_was_made_of(runner: Probe) -> None:
    """By hand and as a model; the bias still has 0.98²⁰⁰ of its start after 200 steps."""
    last = asked(runner, "eager_by_hand", seed=1)[-1]
    assert 2.8 < float(last["W"]) < 3.3 and 2.0 < float(last["B"]) < 2.3
    model = asked(runner, "eager_as_model", seed=1)[-1]
    assert 2.8 < float(model["W"]) < 3.2 and 1.9 < float(model["B"]) < 2.1


def test_unseeded_runs_differ(runner: Probe) -> None:
    """Without a seed the data are drawn anew."""
    one, other = (asked(runner, "eager_by_hand", iterations=1)[0]["inputs"] for _ in range(2))
    assert (one != other).any()


@pytest.mark.parametrize("name", ["eager_by_hand", "eager_as_model"])
def test_the_steps_of_a_random_run_are_inside_their_bounds(name: str, runner: Probe) -> None:
    """A mean over a thousand random floats: each witness to the gradient is held to SymPy's at these very floats."""
    job = {"id": 1, "program": name, "setting": {"seed": 3, "iterations": 41, "examples": 300}}
    records = runner.ask(job)["steps"]
    (log,) = chosen("S3")
    found = list(checks(log._replace(program=name), records, every=20))
    assert len(found) == 3 * 7 and not [check.wrong for check in found if check.wrong]


def test_an_unknown_program_is_an_answer(runner: Probe) -> None:
    """It raises, and the next job is answered."""
    assert runner.ask({"id": 1, "program": "nothing"})["raised"] == "LookupError: there is no program 'nothing'"
    assert "raised" in runner.ask({"id": 2, "program": "adam", "setting": {"speed": 3}})
    assert len(asked(runner, "adam", iterations=1)) == 2


# -- planted faults: the program does what the log does not say -------------------------------------------------------


def of_numpy(log: Log, **setting: Any) -> list[str]:
    """What is wrong in the steps of a NumPy program that is told something else than the log says."""
    answer = Runner(None, {}).answer({"id": 1, "program": log.program, "setting": {**log.setting(), **setting}})
    return [check.wrong for check in checks(log, answer["steps"]) if check.wrong]


@pytest.mark.parametrize(
    "name, setting, words",
    [
        ("L2", {"rate": 0.0002}, "update w of step 0: the step is of rate 0.0002, not 0.0001"),
        ("L2", {"gradient": "sum"}, "gradient dL_dw of step 0: it is 16 times the exact one, as if it forgot 1/n"),
        ("L2", {"loss": "after"}, "loss loss of step 0: it is not taken before the update, but after it"),
        ("L1", {"loss": "before"}, "loss loss of step 0: it is not taken after the update, but before it"),
        ("L4", {"gradient": "mean"}, "gradient dL_dW[0] of step 0: it is the exact one divided by 16 once more"),
        ("L5", {"rate": 0.2}, "update W[2] of step 500: the step is of rate 0.2, not 0.02"),
    ],
)
def test_a_program_that_does_otherwise_is_told_by_name(name: str, setting: dict[str, Any], words: str) -> None:
    """A wrong rate, a gradient that forgets 1/n or divides twice, a loss taken at the wrong time."""
    log = documented(name)
    if name in ("L4", "L5"):  # five steps say as much as five hundred
        log, words = log._replace(effective={**log.effective, "iterations": 5}), words.replace("500", "5")
    assert of_numpy(log) == [] and words in of_numpy(log, **setting)


def test_a_training_that_diverges_is_told() -> None:
    """A rate of 100 overflows: the numbers are refused, and the first step that is not finite is named."""
    log = documented("L2")
    log = log._replace(effective={**log.effective, "rate": Decimal(100), "iterations": 100})
    with np.errstate(all="ignore"):
        records = Runner(None, {}).answer({"id": 1, "program": log.program, "setting": log.setting()})["steps"]
    wrong = [check.wrong for check in checks(log, records) if check.wrong]
    assert len(wrong) == 1 and wrong[0].endswith("not finite")
    records[2:] = [records[-1]] * (len(records) - 2)
    verdicts = list(judged(log, records, bounds(documented("L2"), documented("L2").effective)))
    assert {v.words for v in verdicts[3:]} == {"the rerun is nan there"} and not any(v.accepted for v in verdicts[3:])


def test_one_wrong_bit_of_a_gradient_is_not_hidden_by_its_neighbours() -> None:
    """A gradient that is one in 1e12 off in float64, in one step of eleven."""
    log = documented("L2")
    answer = Runner(None, {}).answer({"id": 1, "program": log.program, "setting": log.setting()})
    records = answer["steps"]
    value = wire.unpack(records[4]["dL_dw"])[0]
    records[4]["dL_dw"] = wire.pack(value * (1 + 1e-9), "float64")
    wrong = [check.wrong for check in checks(log, records) if check.wrong]
    assert len(wrong) >= 1 and wrong[0].startswith("gradient dL_dw of step 3: it is ")


def test_records_hold_numbers_as_they_lie_in_memory() -> None:
    """Floats of both kinds, arrays, and None."""
    (record,) = steps([{"a": 0.1, "b": np.float32(0.1), "c": np.arange(3.0), "d": None}])
    assert record["a"] == {"dtype": "float64", "shape": [], "hex": [(0.1).hex()]}
    assert record["b"]["dtype"] == "float32" and record["c"]["shape"] == [3] and record["d"] is None
    assert eager.PROGRAMS[0].__name__ in PROGRAMS and len(PROGRAMS) == 17
