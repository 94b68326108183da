"""Every step of a recorded training held against the exact function of that step's own floats.

Three witnesses to each gradient: SymPy's, exact at the recorded parameters; NumPy's textbook formula in the program's
dtype; and the tape's. The two in floats must lie within the derived bound of one evaluation around the exact one. So
must the loss, at the parameters before or after the update, and the new parameters, given the recorded gradient.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from flint import arb, ctx

from reference import wire
from reference.choices import listed
from reference.golden.envelope import BITS, Erring, Machine, Program, exact, program_of
from reference.golden.log import Log
from reference.golden.models import MODELS, Examples, Model, Quadratic, ball, exactly, held, parabola, rate_of

KINDS = ("gradient", "textbook", "update", "loss")
Array = np.ndarray
Record = Mapping[str, Any]


class Check(NamedTuple):
    """One number of one step: how far it is from exact as a share of its bound; over 1 it is wrong, and how."""

    kind: str
    step: int
    name: str
    share: float
    wrong: str


class Training(NamedTuple):
    """What all steps of a program share: its model, the floats it holds, and its setting."""

    model: Model
    examples: Examples
    loss: Quadratic
    program: Program
    machine: Machine
    dtype: str
    setting: dict[str, Any]


def training(log: Log, records: Sequence[Record]) -> Training | None:
    """The training that a log's program is, if it is one; random data are those that the first record has."""
    model = MODELS.get(log.program)
    if model is None or "rate" not in log.effective:
        return None
    if "inputs" in records[0]:
        columns = [exactly(values(records[0][name])) for name in ("inputs", "targets")]
        examples = Examples([[x] for x in columns[0]], columns[1])
    else:
        examples = held(log)
    with ctx.workprec(BITS):
        loss, program = program_of(model, examples)
        setting = {"gradient": "mean", "loss": "before", **log.effective, **model.knobs}
        return Training(model, examples, loss, program, Machine(log.dtype), log.dtype, setting)


def checks(log: Log, records: Sequence[Record], every: int = 1) -> Iterator[Check]:
    """The checks of every step, or of one in so many."""
    told = training(log, records)
    if told is None:
        return
    for step in range(0, len(records) - 1, every):
        before, after = records[step], records[step + 1]
        if not all(name in each for each in (before, after) for name in told.model.names):
            continue
        broken = [name for name, tensor in after.items() if not np.isfinite(values(tensor)).all()]
        if broken:
            yield Check("update", step, broken[0], math.inf, f"update of step {step}: {listed(broken)} not finite")
            return
        with ctx.workprec(BITS):
            yield from of_step(told, step, before, after)


def of_step(told: Training, step: int, before: Record, after: Record) -> Iterator[Check]:
    """The checks of one step: gradients, the update, the loss."""
    old, new = (parameters(told.model, record) for record in (before, after))
    if told.model.gradients and all(name in after for name in told.model.gradients):
        times = len(told.examples.rows) if told.setting["gradient"] == "sum" else 1
        tape = flat(after, told.model.gradients)
        right, bounds = gradient(told, old, times)
        written = [Fraction(g) * times for g in textbook(told, old)]
        labels = names_of(told.model.gradients, len(tape))
        for label, taken, own, g, bound in zip(labels, tape, written, right, bounds, strict=True):
            why = partial(strayed, taken, g, bound, len(told.examples.rows))
            yield checked("gradient", step, label, taken, g, bound, why)
            yield checked(
                "textbook", step, label, Fraction(own), g, bound, partial(strayed, Fraction(own), g, bound, 1)
            )
        yield from updates(told, step, old, new, tape)
    yield from losses(told, step, old, new, after)


def gradient(told: Training, p: list[Fraction], times: int) -> tuple[list[arb], list[arb]]:
    """SymPy's gradient at recorded parameters, and how far a machine's may be from it."""
    _, erring = told.program(told.machine, [exact(ball(value)) for value in p])
    return [ball(g * times) for g in told.loss.gradient(p)], [each.error * times for each in erring]


def textbook(told: Training, p: list[Fraction]) -> list[float]:
    """NumPy's gradient in the program's dtype: 2 · scale · Xᵀ (X p − y)."""
    kind = np.dtype(told.dtype).type
    at = np.array([float(value) for value in p], dtype=told.dtype)
    if told.model.term is parabola:
        return [float(kind(2) * at[0] - kind(2))]
    ones = [] if len(told.model.names) == 1 else [1.0]
    x = np.array([[*map(float, row), *ones] for row in told.examples.rows], dtype=told.dtype)
    y = np.array(list(map(float, told.examples.targets)), dtype=told.dtype)
    return [float(g) for g in (x.T @ (x @ at - y)) * kind(2 * told.model.scale(len(y)))]


def updates(
    told: Training, step: int, old: list[Fraction], new: list[Fraction], tape: list[Fraction]
) -> Iterator[Check]:
    """New parameters against p − rate · g with the gradient that was recorded: two roundings."""
    rate = rate_of(told.setting, told.dtype)
    for label, p, q, g in zip(names_of(told.model.names, len(old)), old, new, tape, strict=True):
        change = told.machine.rounded(Erring(ball(rate * g), arb(0)))
        moved = told.machine.rounded(Erring(ball(p - rate * g), change.error))
        words = f"the step is of rate {float((p - q) / g):.6g}, not {told.setting['rate']}" if g else "it moves"
        yield checked("update", step, label, q, moved.value, moved.error, partial(str, words))


def losses(told: Training, step: int, old: list[Fraction], new: list[Fraction], after: Record) -> Iterator[Check]:
    """The loss at the parameters before the update or after it, as the setting says."""
    name = "y" if told.model.term is parabola else "loss"
    if name not in after:
        return
    (got,) = exactly(values(after[name]))
    places = {"before": old, "after": new}
    right = {at: told.program(told.machine, [exact(ball(v)) for v in p])[0] for at, p in places.items()}
    due = told.setting["loss"]
    other = right["after" if due == "before" else "before"]
    elsewhere = bool(abs(ball(got) - other.value) <= other.error)
    words = f"it is not taken {due} the update" + (f", but {'after' if due == 'before' else 'before'} it" * elsewhere)
    yield checked("loss", step, name, got, right[due].value, right[due].error, partial(str, words))


def checked(kind: str, step: int, name: str, got: Fraction, right: arb, bound: arb, why: Callable[[], str]) -> Check:
    """One number beside its exact value and its bound."""
    away = abs(ball(got) - right)
    share = float((away / bound).mid())
    return Check(kind, step, name, share, "" if away <= bound else f"{kind} {name} of step {step}: {why()}")


def strayed(got: Fraction, right: arb, bound: arb, n: int) -> str:
    """In what way a gradient is wrong, if it is one of the usual ways."""
    for words, factor in (
        (f"it is {n} times the exact one, as if it forgot 1/n", Fraction(n)),
        (f"it is the exact one divided by {n} once more", Fraction(1, n)),
        ("its sign is wrong", Fraction(-1)),
        ("it is twice the exact one", Fraction(2)),
        ("it is half the exact one", Fraction(1, 2)),
    ):
        if abs(ball(got) - ball(factor) * right) <= abs(ball(factor)) * bound:
            return words
    return f"it is {float(got):.9g}, and exact is {right.str(12, radius=False)}"


def parameters(model: Model, record: Record) -> list[Fraction]:
    """The parameters of a record, in order."""
    return flat(record, model.names)


def flat(record: Record, names: Sequence[str]) -> list[Fraction]:
    """The numbers of these names, one after another."""
    return [value for name in names for value in exactly(values(record[name]))]


def values(tensor: Any) -> Array:
    """A tensor of a record as an array of its exact values."""
    found = wire.unpack(tensor)[0]
    assert found is not None
    return found


def names_of(names: Sequence[str], count: int) -> list[str]:
    """A label for each element."""
    return list(names) if len(names) == count else [f"{names[0]}[{k}]" for k in range(count)]
