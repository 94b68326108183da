"""XLA: the same gradients, compiled by other means, with defects of their own."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from reference.limits.form import Format, Limit, bits, over, per_op, under

FOLDED = ("sinc", "divide", "divide_no_nan", "where", "xdivy", "broadcast_divide", "mean_absolute_percentage_error")


def squared(form: Format, *x: Any) -> bool:
    """The last primal, the denominator, has no square among the normal numbers."""
    sizes = [2 * bits(float(b)) for b in np.ravel(x[-1])]
    return over(form, *sizes) or under(form, *sizes)


XLA = (
    Limit(
        "XLA's sinh and cosh lose digits",
        ("sinh", "cosh"),
        "digits",
        (1, 2),
        lambda f, x: bits(x) > 3,
        ("cosh", "xla", "float32", 1, 60.3125),
        "XLA computes both as exp(x + log(1/2)) and its mirror image: the sum is rounded before the exponential, which "
        "makes an error of half an ULP of x absolute, that is of |x| / 2 ULP.",
        modes=("xla",),
    ),
    Limit(
        "XLA's erfinv loses digits near one",
        ("erfinv",),
        "digits",
        (1, 2),
        lambda f, x: bits(1 - abs(x)) < -3,
        ("erfinv", "xla", "float32", 1, 1 - 2.0**-13),
        "XLA computes erfinv from log1p(-x * x): the square is rounded near one, where its difference from one is all "
        "that matters, and the gradient squares and exponentiates the result.",
        modes=("xla",),
    ),
    Limit(
        "XLA's ndtri loses its tail",
        ("ndtri", "erfcinv"),
        "digits infinite zero",
        (1, 2),
        per_op(
            ("ndtri", lambda f, x: bits(x) < -2 or bits(1 - x) < -2),
            ("erfcinv", lambda f, x: bits(x) < -1 or bits(2 - x) < -1),
        ),
        ("ndtri", "xla", "float32", 1, 2.0**-20 + 2.0**-26 + 2.0**-28),
        "XLA computes ndtri(x) as sqrt(2) * erfinv(2 x - 1): a small x is lost in 2 x - 1, and below half an ULP of "
        "one the quantile is infinite.",
        modes=("xla",),
    ),
    Limit(
        "XLA folds two divisions into one",
        FOLDED,
        "zero digits infinite nan",
        (1, 2),
        dict.fromkeys(FOLDED, squared),
        ("divide", "xla", "float32", 1, 2.0**70, 2.0**70),
        "TensorFlow divides by b twice so that b * b need not be a float; XLA's simplifier turns (a / b) / b into "
        "a / (b * b): where the product overflows the derivative is 0, where it underflows infinite, NaN or short of "
        "digits.",
        modes=("xla",),
    ),
    Limit(
        "XLA's polygamma is wrong left of -5 and at infinity",
        ("digamma", "lgamma", "polygamma_1"),
        "digits nan",
        (1, 2),
        lambda f, x: x < -5 or math.isinf(x),
        ("digamma", "xla", "float64", 1, -12.5),
        "XLA's zeta adds nine terms and then an expansion that holds only well right of 0, in float64 too: its error "
        "is of any size, and at infinity it is inf - inf.",
        dtypes=("float32", "float64"),
        modes=("xla",),
    ),
)
