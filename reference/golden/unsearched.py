"""`log explain` where there is no setting to search: Adam's steps, whose arithmetic changed, and an unseeded run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from flint import arb

from reference.choices import Unusable
from reference.golden import chance
from reference.golden.judged import is_random
from reference.golden.log import Log
from reference.optimizers import RULES, exact, first_step, floats, path
from reference.optimizers import Step as Taken

STEPS = 10  # after which both are compared again
ADAM = ("adam kernel", "adam")  # in the order of the versions that have them


def told(log: Log) -> Iterator[str]:
    """The explanation, line by line; Unusable where there is none."""
    if is_random(log):
        yield f"{log.name}: the program draws its data, so any setting gives another log; its pair is placed instead."
        yield chance.documented(log)[-1].sentence
    elif log.program == "adam":
        yield from by_arithmetic(log)
    else:
        raise Unusable(f"{log.name}: its numbers come of no training, so that there is no setting to search.")


def by_arithmetic(log: Log) -> Iterator[str]:
    """Where Adam's first steps end, by the rules of older and newer TensorFlows, and which rounding changed."""
    yield f"{log.name}: Adam on (x − 50)² from 3, rate 1, in {log.dtype}; the exact first step ends at {true_end()}"
    for name in ADAM:
        ends = [float(state[0]) for state in walked(name, log.dtype)]
        why = first_step(name, log.dtype)
        below = round((4 - ends[1]) / float(np.spacing(np.dtype(log.dtype).type(ends[1]))))
        where = f"{below} floats below 4" if below else "the float next to it"
        yield f"{RULES[name].about}:"
        yield f"  x₁ = {ends[1]:.9g}, {where}; x_{STEPS} = {ends[STEPS]:.9g}"
        yield (
            f"  1 − β₁ is {short(why.means[0])} in the mean and {short(why.ends[0])} in the correction of its bias; "
            f"1 − β₂ is {short(why.means[1])} and {short(why.ends[1])}"
        )
        yield f"  the step is rate · (1 − β₁)/(1 − β₁) · √((1 − β₂)/(1 − β₂)) = {short(why.length)}"
    yield "The same 1 − β, rounded before the subtraction in one place and after it in the other, no longer cancels."


def walked(name: str, dtype: str) -> list[tuple[Any, ...]]:
    """The first states of a run in NumPy floats."""
    kind = np.dtype(dtype).type
    slope: Callable[[Any], Any] = lambda x: kind(2) * (x - kind(50))
    return list(path(floats(dtype), RULES[name], {"rate": "1"}, slope, kind(3), STEPS))


def true_end() -> str:
    """Where the first step ends without any rounding, with TensorFlow's ε of 1e-7."""
    step = Taken([3.0, 0.0, 0.0], -94.0, [])
    return exact(RULES["adam"], {"rate": "1"}, step, 1)[0].str(12, radius=False)


def short(value: arb) -> str:
    """A float of a dtype in digits enough to tell it from its neighbours."""
    return f"{float(value):.9g}"
