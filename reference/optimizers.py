"""The optimizers' update rules, written once and computed three ways: exactly, as a machine may, and float by float.

A rule takes an arithmetic, its hyper-parameters, the number of the step (from 1), the variable, its gradient and its
slots, and gives the new variable and slots. With `EXACT` they are balls; with `machine(dtype)` balls that hold whatever
a program may get whose operations are rounded; with `floats(dtype)` NumPy scalars, rounded operation by operation.

Sources: D. P. Kingma, J. Ba, Adam, ICLR 2015, Algorithm 1 and the end of section 2 (ε̂); Keras 3, `optimizers/*.py`,
`update_step`; TensorFlow, `core/kernels/training_ops.cc`, which Keras called up to TensorFlow 2.10.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from flint import arb

from reference import wire
from reference.balls import working
from reference.kernels import KERNELS
from reference.rounding import Rounded, Rounding
from reference.ulp import round_ball

BITS = 256

Hyper = Mapping[str, str]  # decimals, as they are typed


class Arithmetic(NamedTuple):
    """What numbers are: decimals, 1 - decimal as Python computes it, square roots, whole powers of decimals."""

    number: Callable[[str], Any]
    rest: Callable[[str], Any]
    sqrt: Callable[[Any], Any]
    power: Callable[[str, int], Any]
    given: Callable[[float], Any]  # a float of the state


class Rule(NamedTuple):
    """One update rule: the slots it keeps, and its step."""

    slots: tuple[str, ...]
    step: Callable[..., tuple[Any, ...]]  # (A, h, t, x, g, *slots) -> (x, *slots)
    about: str
    single: tuple[str, ...] = ("rate",)  # what Keras keeps in float32, whatever the variable's dtype


class Step(NamedTuple):
    """One recorded step of a program: the state before it, the gradient, and the state after it."""

    before: Sequence[float]  # the variable, then its slots
    gradient: float
    after: Sequence[float]


DEFAULTS = {
    "rate": "0.001", "momentum": "0.9", "beta1": "0.9", "beta2": "0.999", "rho": "0.9", "epsilon": "1e-7",
}  # fmt: skip
START = {"accumulator": "0.1"}  # what Keras fills a slot with before the first step; else 0


# -- the arithmetics -------------------------------------------------------------------------------------------

EXACT = Arithmetic(arb, lambda b: 1 - arb(b), lambda x: x.sqrt(), lambda b, t: arb(b) ** t, arb)


def machine(dtype: str) -> Arithmetic:
    """Balls in which every operation may be rounded; constants are the dtype's floats.

    Roots and powers keep their kernels' contracts. Four units of the power make Adam's bound wide at first: 1 - β₂ᵗ
    begins at a thousandth.
    """
    rounding, held = Rounding(dtype), floats(dtype)
    root, power = (Rounding(dtype, KERNELS[name].contract.ulp) for name in ("Sqrt", "Pow"))

    def given(value: Any) -> Rounded:
        return Rounded(arb(float(value)), rounding)

    return Arithmetic(
        lambda decimal: given(held.number(decimal)),
        lambda b: given(held.rest(b)),
        lambda x: Rounded(root(x.ball.sqrt()), rounding),
        lambda b, t: Rounded(power(given(held.number(b)).ball ** t), rounding),
        given,
    )


def floats(dtype: str) -> Arithmetic:
    """NumPy's scalars of a dtype, each operation rounded once; powers are rounded from exact ones."""
    kind = np.dtype(dtype).type

    def number(decimal: str) -> Any:
        return kind(float(decimal))

    def power(decimal: str, t: int) -> Any:
        with working(BITS):
            return kind(round_ball(arb(float(number(decimal))) ** t, dtype))

    return Arithmetic(number, lambda b: kind(1 - float(b)), np.sqrt, power, kind)


# -- the rules -------------------------------------------------------------------------------------------------


def descent(A: Arithmetic, h: Hyper, t: int, x: Any, g: Any) -> tuple[Any, ...]:
    return (x - g * A.number(h["rate"]),)


def heavy_ball(A: Arithmetic, h: Hyper, t: int, x: Any, g: Any, m: Any) -> tuple[Any, ...]:
    m = m * A.number(h["momentum"]) - g * A.number(h["rate"])
    return x + m, m


def nesterov(A: Arithmetic, h: Hyper, t: int, x: Any, g: Any, m: Any) -> tuple[Any, ...]:
    m = m * A.number(h["momentum"]) - g * A.number(h["rate"])
    return x + (m * A.number(h["momentum"]) - g * A.number(h["rate"])), m


def moments(first: Any, second: Any) -> Callable[..., tuple[Any, ...]]:
    """Adam with ε̂, by how it comes to 1 - β₁ and 1 - β₂ in its two means."""

    def adam(A: Arithmetic, h: Hyper, t: int, x: Any, g: Any, m: Any, v: Any) -> tuple[Any, ...]:
        one = A.number("1")
        ends = one - A.power(h["power1"], t), one - A.power(h["power2"], t)
        rate = A.number(h["rate"]) * A.sqrt(ends[1]) / ends[0]
        m = m + (g - m) * first(A, h["beta1"])
        v = v + (g * g - v) * second(A, h["beta2"])
        return x - m * rate / (A.sqrt(v) + A.number(h["epsilon"])), m, v

    return adam


def rounded_first(A: Arithmetic, beta: str) -> Any:
    """β is rounded to the dtype, then 1 - β computed there: TensorFlow's kernel."""
    return A.number("1") - A.number(beta)


def rounded_last(A: Arithmetic, beta: str) -> Any:
    """1 - β is computed in Python's double precision, then rounded to the dtype: Keras since TensorFlow 2.11."""
    return A.rest(beta)


def algorithm_1(A: Arithmetic, h: Hyper, t: int, x: Any, g: Any, m: Any, v: Any) -> tuple[Any, ...]:
    one = A.number("1")
    m = m + (g - m) * A.rest(h["beta1"])
    v = v + (g * g - v) * A.rest(h["beta2"])
    mean, size = m / (one - A.power(h["power1"], t)), v / (one - A.power(h["power2"], t))
    return x - A.number(h["rate"]) * mean / (A.sqrt(size) + A.number(h["epsilon"])), m, v


def mean_of(A: Arithmetic, h: Hyper, before: Any, new: Any) -> Any:
    """A running mean as Keras computes it."""
    return A.number(h["rho"]) * before + A.rest(h["rho"]) * new


def rmsprop(A: Arithmetic, h: Hyper, t: int, x: Any, g: Any, v: Any) -> tuple[Any, ...]:
    v = mean_of(A, h, v, g * g)
    return x - A.number(h["rate"]) * g / A.sqrt(v + A.number(h["epsilon"])), v


def rmsprop_momentum(A: Arithmetic, h: Hyper, t: int, x: Any, g: Any, v: Any, m: Any) -> tuple[Any, ...]:
    v = mean_of(A, h, v, g * g)
    m = A.number(h["momentum"]) * m + A.number(h["rate"]) * g / A.sqrt(v + A.number(h["epsilon"]))
    return x - m, v, m


def rmsprop_centered(A: Arithmetic, h: Hyper, t: int, x: Any, g: Any, v: Any, a: Any) -> tuple[Any, ...]:
    v, a = mean_of(A, h, v, g * g), mean_of(A, h, a, g)
    return x - A.number(h["rate"]) * g / A.sqrt(v - a * a + A.number(h["epsilon"])), v, a


def rmsprop_kernel(A: Arithmetic, h: Hyper, t: int, x: Any, g: Any, v: Any, m: Any) -> tuple[Any, ...]:
    v = v + (g * g - v) * rounded_first(A, h["rho"])
    m = m * A.number(h["momentum"]) + g * A.number(h["rate"]) / A.sqrt(A.number(h["epsilon"]) + v)
    return x - m, v, m


def rmsprop_beside(A: Arithmetic, h: Hyper, t: int, x: Any, g: Any, v: Any, *a: Any) -> tuple[Any, ...]:
    rho, rest = A.number(h["rho"]), rounded_first(A, h["rho"])
    v = rho * v + rest * (g * g)
    a = tuple(rho * mean + rest * g for mean in a)
    spread = v - a[0] * a[0] if a else v
    return x - A.number(h["rate"]) * g / (A.sqrt(spread) + A.number(h["epsilon"])), v, *a


def adagrad(A: Arithmetic, h: Hyper, t: int, x: Any, g: Any, v: Any) -> tuple[Any, ...]:
    v = v + g * g
    return x - A.number(h["rate"]) * g / A.sqrt(v + A.number(h["epsilon"])), v


def adagrad_kernel(A: Arithmetic, h: Hyper, t: int, x: Any, g: Any, v: Any) -> tuple[Any, ...]:
    v = v + g * g
    return x - g * A.number(h["rate"]) / (A.sqrt(v) + A.number(h["epsilon"])), v


RULES = {
    "sgd": Rule((), descent, "SGD"),
    "sgd momentum": Rule(("momentum",), heavy_ball, "SGD with momentum", ("rate", "momentum")),
    "sgd nesterov": Rule(("momentum",), nesterov, "SGD with Nesterov's look-ahead", ("rate", "momentum")),
    "adam": Rule(
        ("momentum", "velocity"),
        moments(rounded_last, rounded_last),
        "Adam, ε̂, Keras from TensorFlow 2.11 on",
        ("rate", "power1", "power2"),
    ),
    "adam kernel": Rule(
        ("momentum", "velocity"),
        moments(rounded_first, rounded_first),
        "Adam, ε̂, up to TensorFlow 2.10",
        ("rate", "beta1", "beta2", "power1", "power2"),
    ),
    "adam algorithm 1": Rule(
        ("momentum", "velocity"), algorithm_1, "Adam, ε beside the corrected root: no TensorFlow's"
    ),
    "rmsprop": Rule(("velocity",), rmsprop, "RMSprop, ε under the root"),
    "rmsprop momentum": Rule(("velocity", "momentum"), rmsprop_momentum, "RMSprop with momentum"),
    "rmsprop centered": Rule(("velocity", "average"), rmsprop_centered, "RMSprop, centered"),
    "rmsprop kernel": Rule(
        ("velocity", "momentum"),
        rmsprop_kernel,
        "RMSprop with momentum, up to TensorFlow 2.10",
        ("rate", "rho", "momentum"),
    ),
    "rmsprop beside": Rule(
        ("velocity",), rmsprop_beside, "RMSprop, ε beside the root, up to TensorFlow 2.10", ("rate", "rho")
    ),
    "rmsprop centered beside": Rule(
        ("velocity", "average"),
        rmsprop_beside,
        "RMSprop, centered, ε beside the root, up to TensorFlow 2.10",
        ("rate", "rho"),
    ),
    "adagrad": Rule(("accumulator",), adagrad, "Adagrad, ε under the root"),
    "adagrad kernel": Rule(("accumulator",), adagrad_kernel, "Adagrad, ε beside the root, up to TensorFlow 2.10"),
}


#: How Keras is told: the optimizer's class, and which of its arguments is which hyper-parameter.
KERAS: dict[str, tuple[str, dict[str, str], dict[str, Any]]] = {
    "sgd": ("SGD", {}, {}),
    "sgd momentum": ("SGD", {"momentum": "momentum"}, {}),
    "sgd nesterov": ("SGD", {"momentum": "momentum"}, {"nesterov": True}),
    "adam": ("Adam", {"beta_1": "beta1", "beta_2": "beta2", "epsilon": "epsilon"}, {}),
    "rmsprop": ("RMSprop", {"rho": "rho", "epsilon": "epsilon"}, {}),
    "rmsprop momentum": ("RMSprop", {"rho": "rho", "epsilon": "epsilon", "momentum": "momentum"}, {}),
    "rmsprop centered": ("RMSprop", {"rho": "rho", "epsilon": "epsilon"}, {"centered": True}),
    "adagrad": ("Adagrad", {"epsilon": "epsilon"}, {}),
}


#: Which rule Keras' optimizers were up to TensorFlow 2.10, where that is another one.
EARLIER = {
    "adam": "adam kernel",
    "rmsprop": "rmsprop beside",
    "rmsprop momentum": "rmsprop kernel",
    "rmsprop centered": "rmsprop centered beside",
    "adagrad": "adagrad kernel",
}


def job(name: str, hyper: Hyper, loss: Any, start: Sequence[float], steps: int, dtype: str) -> wire.Record:
    """The question that `reference.minimising` answers: a rule of Keras, or one of TensorFlow's kernels."""
    h = settled(hyper)
    if name in KERAS:
        optimizer, arguments, flags = KERAS[name]
        options = {**flags, "learning_rate": float(h["rate"]), **{k: float(h[of]) for k, of in arguments.items()}}
    else:
        optimizer, options = name, {key: float(value) for key, value in h.items()}
    vector = wire.pack([float(np.dtype(dtype).type(x)) for x in start], dtype)
    asked = {"id": name, "optimizer": optimizer, "options": options, "loss": loss, "start": vector, "steps": steps}
    return asked


def runs(answer: wire.Record) -> list[list[Step]]:
    """The recorded steps, one run for each element of the variable."""
    states = [[np.asarray(wire.unpack(part)[0]) for part in state] for state in answer["states"]]
    gradients = [np.asarray(wire.unpack(part)[0]) for part in answer["gradients"]]
    return [
        [
            Step([float(part[k]) for part in before], float(g[k]), [float(part[k]) for part in after])
            for before, g, after in zip(states, gradients, states[1:], strict=False)
        ]
        for k in range(len(gradients[0]))
    ]


# -- runs and judgement -------------------------------------------------------------------------------------------


def settled(hyper: Hyper) -> dict[str, str]:
    """All hyper-parameters: those given, and Keras' defaults; the powers of β₁ and β₂ are of β₁ and β₂."""
    h = {**DEFAULTS, **hyper}
    return {"power1": h["beta1"], "power2": h["beta2"], **h}


def kept(rule: Rule, hyper: Hyper) -> dict[str, str]:
    """The hyper-parameters as Keras computes with them: some have gone through float32, even for float64 variables."""
    h = settled(hyper)
    return {**h, **{name: repr(float(np.float32(h[name]))) for name in rule.single}}


def path(
    A: Arithmetic, rule: Rule, hyper: Hyper, slope: Callable[[Any], Any], start: Any, steps: int
) -> Iterator[tuple[Any, ...]]:
    """The states (variable, *slots) of a minimisation, the start first; `slope` is the gradient in the arithmetic."""
    h = settled(hyper)
    state = (start, *(A.number(START.get(slot, "0")) for slot in rule.slots))
    yield state
    for t in range(1, steps + 1):
        state = rule.step(A, h, t, state[0], slope(state[0]), *state[1:])
        yield state


def allowed(rule: Rule, hyper: Hyper, step: Step, t: int, dtype: str) -> list[arb]:
    """Balls around the variable and the slots in which a program must end that starts a step at this recorded state."""
    A, h = machine(dtype), settled(hyper)
    with working(BITS):
        state = [A.given(value) for value in step.before]
        after = rule.step(A, h, t, state[0], A.given(step.gradient), *state[1:])
        return [part.ball for part in after]


def exact(rule: Rule, hyper: Hyper, step: Step, t: int) -> list[arb]:
    """The variable and the slots after a step from this recorded state, of exact decimals and without any rounding."""
    h = settled(hyper)
    with working(BITS):
        state = list(map(arb, step.before))
        return list(rule.step(EXACT, h, t, state[0], arb(step.gradient), *state[1:]))


def same_bits(rule: Rule, hyper: Hyper, step: Step, t: int, dtype: str) -> bool:
    """Whether NumPy, operation by operation, comes to the very floats that were recorded."""
    A, h = floats(dtype), settled(hyper)
    state = [A.given(value) for value in step.before]
    after = rule.step(A, h, t, state[0], A.given(step.gradient), *state[1:])
    return [float(part) for part in after] == [float(part) for part in step.after]


def departure(rule: Rule, hyper: Hyper, steps: Sequence[Step], dtype: str) -> str:
    """The first recorded step that the rule does not allow, in a sentence; empty where it allows all of them."""
    names = ("the variable", *rule.slots)
    for t, step in enumerate(steps, 1):
        balls, truths = allowed(rule, hyper, step, t, dtype), exact(rule, hyper, step, t)
        for name, ball, got, true in zip(names, balls, step.after, truths, strict=True):
            if not ball.contains(arb(got)):
                far = float((abs(arb(got) - true) / (ball.rad() + abs(ball.mid() - true))).mid())
                return (
                    f"step {t} is none of {rule.about}: {name} became {got:.9g}, the rule gives "
                    f"{float(true.mid()):.9g}, and that is {far:.3g} times as far as rounding explains."
                )
    return ""


class FirstStep(NamedTuple):
    """Adam's first step over its rate, without ε: what the two roundings of 1 - β leave of what would be 1."""

    means: list[arb]  # 1 - β₁ and 1 - β₂ in the running means
    ends: list[arb]  # 1 - β₁ and 1 - β₂ in the correction of their bias
    length: arb


def first_step(rule: str, dtype: str, hyper: Hyper | None = None) -> FirstStep:
    """Why the first step of Adam is what it is: m/√v·√(1-β₂)/(1-β₁) with the constants as the dtype holds them.

    With one and the same rounding of 1 - β in both places they cancel, and the step is as long as the rate.
    """
    h, A = settled(hyper or {}), floats(dtype)
    rest = {"adam": rounded_last, "adam kernel": rounded_first}[rule]
    with working(BITS):
        means, ends = ([arb(float(of(A, h[beta]))) for beta in ("beta1", "beta2")] for of in (rest, rounded_first))
        return FirstStep(means, ends, means[0] / ends[0] * (ends[1] / means[1]).sqrt())
