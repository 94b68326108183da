"""The exact trajectory: the same training in ball arithmetic from the document's decimals, each step with a bound."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, NamedTuple

from flint import arb, ctx

from reference.golden.log import Log
from reference.golden.models import MODELS, Examples, Quadratic, ball, decimals, quadratic, start

BITS = 256


class Step(NamedTuple):
    """Balls around the exact loss, parameters after the update, and gradient at the parameters before it."""

    loss: arb
    parameters: list[arb]
    gradient: list[arb]


def trajectory(log: Log, setting: dict[str, Any], examples: Examples | None = None) -> Iterator[Step]:
    """Every step of the training that a setting means, from the seed's draws; the mathematics, without any rounding."""
    model = MODELS[log.program]
    examples = decimals(log) if examples is None else examples
    loss = quadratic(model, examples)
    setting = {**model.knobs, "gradient": "mean", "loss": "before", **setting}
    times = Fraction(setting["rate"]) * (len(examples.rows) if setting["gradient"] == "sum" else 1)
    after = setting["loss"] == "after"
    with ctx.workprec(BITS):
        balls, rate = loss.balls(), ball(times)
        p = [ball(value) for value in start(log, "float64")]
    for _ in range(model.steps(setting["iterations"])):
        with ctx.workprec(BITS):
            moved, gradient = updated(balls, p, rate)
            step = Step(balls.value(moved if after else p), moved, gradient)
        yield step
        p = moved


def updated(loss: Quadratic, p: list[arb], rate: arb) -> tuple[list[arb], list[arb]]:
    """Parameters after one step of gradient descent, and the gradient."""
    gradient = loss.gradient(p)
    return [each - rate * g for each, g in zip(p, gradient, strict=True)], gradient


def exact_of(log: Log, step: Step, name: str, element: int) -> arb | None:
    """The exact value behind a name of a log's lines."""
    model = MODELS[log.program]
    if name in ("loss", "y"):
        return step.loss
    named = list(model.names) if len(model.names) > 1 else [model.names[0]] * len(step.parameters)
    if name in named:
        return step.parameters[named.index(name) + (element % len(named) if len(model.names) == 1 else 0)]
    return None
