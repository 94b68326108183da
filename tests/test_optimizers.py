"""Optimizers: update rules on balls and float by float, against Keras and TensorFlow's kernels, step by step."""

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from flint import arb

from reference import optimizers
from reference.ask import Probe
from reference.balls import working
from reference.expression import parse
from reference.optimizers import EXACT, KERAS, RULES, Arithmetic, Rule, Step, departure, floats, kept, path, same_bits
from reference.ulp import distance, next_up

LOSS = parse("(x-50)**2")
STARTS = (3.0, 60.25, 50.001)
STEPS = 60
KERNELS = ("adam kernel", "rmsprop kernel", "adagrad kernel", "sgd momentum kernel", "sgd nesterov kernel")
RATES = {"adam": "1", "adagrad": "1", "adam kernel": "1", "adagrad kernel": "1"}


@pytest.fixture(scope="module")
def minimiser() -> Iterator[Probe]:
    """The installed TensorFlow, asked for the states of whole minimisations."""
    with Probe(module="reference.minimising") as probe:
        yield probe


def rule_of(name: str) -> Rule:
    """Keras' SGD with momentum and TensorFlow's kernel are one rule."""
    return RULES[name.removesuffix(" kernel") if name.startswith("sgd") else name]


def asked(probe: Probe, name: str, hyper: dict[str, str], dtype: str) -> list[list[Step]]:
    """TensorFlow's recorded runs."""
    answer = probe.ask(optimizers.job(name, hyper, LOSS, STARTS, STEPS, dtype))
    assert "states" in answer, answer
    return optimizers.runs(answer)


def computed(rule: Rule, hyper: dict[str, str], dtype: str, start: float = 3.0, steps: int = STEPS) -> list[Step]:
    """A run of a rule in NumPy."""
    A = floats(dtype)
    two, fifty = A.number("2"), A.number("50")
    states = [list(map(float, s)) for s in path(A, rule, hyper, lambda x: two * (x - fifty), A.given(start), steps)]
    slopes = [float(two * (A.given(state[0]) - fifty)) for state in states]
    return [Step(a, g, b) for a, g, b in zip(states, slopes, states[1:], strict=False)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", [*KERAS, *KERNELS])
def test_tensorflow_keeps_the_rule(minimiser: Probe, name: str, dtype: str) -> None:
    """Each step is inside the bound of its own recorded state; NumPy, operation by operation, gets the same bits."""
    rule, hyper = rule_of(name), {"rate": RATES.get(name, "0.1")}
    hyper = kept(rule, hyper) if name in KERAS else hyper
    for steps in asked(minimiser, name, {"rate": RATES.get(name, "0.1")}, dtype):
        assert departure(rule, hyper, steps, dtype) == ""
        assert all(same_bits(rule, hyper, step, t, dtype) for t, step in enumerate(steps, 1))


def test_keras_keeps_its_rate_in_float32(minimiser: Probe) -> None:
    """A float64 variable is trained with the float32 next to the rate, and the first step shows it."""
    (steps, *_) = asked(minimiser, "sgd", {"rate": "0.1"}, "float64")
    assert steps[0].after[0] == 3 + 94 * float(np.float32(0.1)) != 3 + 94 * 0.1
    told = departure(RULES["sgd"], {"rate": "0.1"}, steps, "float64")
    assert told.startswith(
        "step 1 is none of SGD: the variable became 12.4000001, the rule gives 12.4, and that is 4.76e+07"
    )


@pytest.mark.deep
@pytest.mark.skipif("REFERENCE_OLD_PYTHON" not in os.environ, reason="it names an interpreter with TensorFlow ≤ 2.10")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", KERAS)
def test_earlier_optimizers_keep_their_rules(name: str, dtype: str) -> None:
    """Up to TensorFlow 2.10 Keras called kernels, or put ε beside the root: the same bits but for one root in 3000."""
    rule, hyper = RULES[optimizers.EARLIER.get(name, name)], {"rate": RATES.get(name, "0.1")}
    with Probe(python=os.environ["REFERENCE_OLD_PYTHON"], module="reference.minimising") as probe:
        runs = asked(probe, name, hyper, dtype)
    hyper = kept(rule, hyper)
    assert [departure(rule, hyper, steps, dtype) for steps in runs] == [""] * len(STARTS)
    assert sum(not same_bits(rule, hyper, step, t, dtype) for steps in runs for t, step in enumerate(steps, 1)) <= 1


# -- Adam's first step -------------------------------------------------------------------------------------------


def test_adams_first_step_changed_with_its_arithmetic(minimiser: Probe) -> None:
    """Exactly 4 by TensorFlow's kernel, 3.9999933 (28 ULP) by Keras 3; NumPy's float32 gets both whole runs."""
    ends = {}
    for name in ("adam", "adam kernel"):
        (steps, *_) = asked(minimiser, name, {"rate": "1"}, "float32")
        by_hand = computed(RULES[name], {"rate": "1"}, "float32")
        assert [s.after for s in steps] == [s.after for s in by_hand]
        long = computed(RULES[name], {"rate": "1"}, "float32", steps=200)
        highest = max(range(200), key=lambda t: long[t].after[0])
        ends[name] = steps[0].after[0], long[9].after[0], highest + 1, long[199].after[0]
    assert ends["adam kernel"] == (4.0, pytest.approx(12.91825, abs=5e-6), 93, pytest.approx(50.0027351, abs=5e-8))
    assert ends["adam"] == (float(np.float32(3.9999933)), pytest.approx(12.91818, abs=5e-6), 93, ends["adam kernel"][3])
    assert distance(ends["adam"][0], arb(4), "float32") == 28 / 2  # below 4 a unit is half of what it is above
    assert (4.0 - ends["adam"][0]) / (4.0 - float(np.nextafter(np.float32(4), np.float32(0)))) == 28


def test_why_adams_first_step_changed() -> None:
    """1 - β is rounded in one way in the means and in another in the correction: they cancel in the kernel only."""
    keras, kernel = (optimizers.first_step(name, "float32") for name in ("adam", "adam kernel"))
    assert kernel.means == kernel.ends and kernel.length == 1
    assert keras.ends == kernel.ends and float(keras.means[0]) == float(np.float32(0.1))
    assert float(keras.ends[0]) == float(np.float32(1) - np.float32(0.9)) == 0.10000002384185791
    assert float(1 - keras.length) == pytest.approx(6.6846e-6, rel=1e-4)
    assert 3 + float(keras.length) == pytest.approx(3.9999933, abs=5e-8)


def test_the_exact_first_step_is_that_of_the_kernel() -> None:
    """Of exact decimals it is 4 - 3.4e-8, because of ε̂; the float32 next to it is 4."""
    with working(optimizers.BITS):
        run = path(EXACT, RULES["adam"], {"rate": "1"}, lambda x: 2 * (x - 50), arb(3), 1)
        (_, (x, *_)) = run
        assert float(4 - x) == pytest.approx(3.364e-8, rel=1e-3)
    assert optimizers.round_ball(x, "float32") == 4.0


def test_epsilon_stands_beside_the_plain_root(minimiser: Probe) -> None:
    """TensorFlow's Adam is the ε̂ of the paper's section 2 and not its Algorithm 1: a large ε tells them apart."""
    hyper = {"rate": "1", "epsilon": "0.5"}
    (steps, *_) = asked(minimiser, "adam", hyper, "float32")
    assert departure(RULES["adam"], kept(RULES["adam"], hyper), steps, "float32") == ""
    told = departure(RULES["adam algorithm 1"], hyper, steps, "float32")
    assert told.startswith(
        "step 1 is none of Adam, ε beside the corrected root: no TensorFlow's: the variable became 3.8"
    )


# -- planted faults ----------------------------------------------------------------------------------------------


def beside(A: Arithmetic, h: Any, t: int, x: Any, g: Any, v: Any) -> tuple[Any, ...]:
    v = optimizers.mean_of(A, h, v, g * g)
    return x - A.number(h["rate"]) * g / (A.sqrt(v) + A.number(h["epsilon"])), v


def uncorrected(A: Arithmetic, h: Any, t: int, x: Any, g: Any, m: Any, v: Any) -> tuple[Any, ...]:
    m, v = m + (g - m) * A.rest(h["beta1"]), v + (g * g - v) * A.rest(h["beta2"])
    return x - m * A.number(h["rate"]) / (A.sqrt(v) + A.number(h["epsilon"])), m, v


def squared(A: Arithmetic, h: Any, t: int, x: Any, g: Any) -> tuple[Any, ...]:
    return (x - g * A.number(h["rate"]) * A.number(h["rate"]),)


FAULTS = [
    ("rmsprop", Rule(("velocity",), beside, "ε beside the root"), {"rate": "0.1"}),
    ("sgd nesterov", RULES["sgd momentum"], {"rate": "0.1"}),
    ("sgd momentum", RULES["sgd nesterov"], {"rate": "0.1"}),
    ("adam", Rule(("momentum", "velocity"), uncorrected, "no correction of the bias"), {"rate": "1"}),
    ("sgd", Rule((), squared, "the rate squared"), {"rate": "0.1"}),
    ("adam", RULES["adam kernel"], {"rate": "1"}),
    ("adagrad", RULES["adagrad kernel"], {"rate": "1", "epsilon": "1e-3"}),
    ("rmsprop centered", RULES["rmsprop"]._replace(slots=("velocity", "average"),
     step=lambda A, h, t, x, g, v, a: (*optimizers.rmsprop(A, h, t, x, g, v), a)), {"rate": "0.1"}),
]  # fmt: skip


@pytest.mark.parametrize("name, wrong, hyper", FAULTS)
def test_a_wrong_rule_is_told(name: str, wrong: Rule, hyper: dict[str, str]) -> None:
    """ε in the wrong place, no look-ahead, no correction of the bias, the rate squared: each by its first step."""
    dtype = "float64" if name == "rmsprop" else "float32"  # of ε = 1e-7 beside a root of 30 float32 sees nothing
    assert departure(RULES[name], hyper, computed(RULES[name], hyper, dtype), dtype) == ""
    told = departure(RULES[name], hyper, computed(wrong, hyper, dtype), dtype)
    assert told.startswith("step 1 is none of ") or told.startswith("step 2 is none of "), told


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", [name for name in RULES if name != "adam algorithm 1"])
def test_a_bound_is_narrow(name: str, dtype: str) -> None:
    """A variable that is 16 units in the last place off is no rounding; Adam's bound is wider in its first steps."""
    steps = computed(RULES[name], {"rate": "0.1"}, dtype, steps=40)
    for at in (19, 39) if name.startswith("adam") else (0, 19, 39):
        x, *slots = steps[at].after
        for _ in range(16):
            x = next_up(x, dtype)
        bent = steps[at]._replace(after=[x, *slots])
        assert "the variable became" in departure(RULES[name], {"rate": "0.1"}, [*steps[:at], bent], dtype)


def test_a_wrong_optimizer_in_tensorflow_is_told() -> None:
    """Keras with its learning rate squared: no step is what the rule allows."""
    with Probe(module="reference.minimising", plant="tests.optimizer_faults:square_the_rate") as probe:
        (steps, *_) = asked(probe, "sgd", {"rate": "0.5"}, "float32")
    assert departure(RULES["sgd"], {"rate": "0.5"}, steps, "float32").startswith("step 1 is none of SGD")


# -- the rules on balls -------------------------------------------------------------------------------------------


def test_a_ball_holds_what_every_dtype_computes() -> None:
    """The exact path of Adam from document 002's start: NumPy's float64 follows it through all 200 steps."""
    with working(optimizers.BITS):
        exact = [x for x, *_ in path(EXACT, RULES["adam"], {"rate": "1"}, lambda x: 2 * (x - 50), arb(3), 200)]
    near = computed(RULES["adam"], {"rate": "1"}, "float64", steps=200)
    assert all(abs(step.after[0] - float(x)) < 1e-12 * 50 for step, x in zip(near, exact[1:], strict=True))
    assert all(x.rad() < 1e-30 for x in exact)


def test_descent_is_the_closed_form() -> None:
    """SGD on (x-50)² at the rate r leaves (1-2r)ᵗ of the distance, exactly."""
    with working(optimizers.BITS):
        states = list(path(EXACT, RULES["sgd"], {"rate": "0.1"}, lambda x: 2 * (x - 50), arb(3), 50))
        assert all((x - (50 - 47 * arb("0.8") ** t)).contains(0) and x.rad() < 1e-60 for t, (x,) in enumerate(states))
