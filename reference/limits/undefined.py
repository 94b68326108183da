"""Points at which the function itself has no value, or jumps: what TensorFlow says there is not what lies beside."""

from __future__ import annotations

import math

from reference.limits.form import Limit, bits, per_op, spread

UNDEFINED = (
    spread(
        "a quotient without a value",
        "nan",
        (1, 2),
        per_op(
            ("divide divide_no_nan xdivy", lambda f, a, b: a == b == 0 or math.isinf(a) and math.isinf(b)),
            ("xlogy xlog1py", lambda f, a, b: math.isinf(a) and math.isinf(b)),
            ("broadcast_divide", lambda f, a, b: bool((a == 0).any() and (b == 0).any())),
        ),
        ("divide", "tape", "float32", 1, 0.0, 0.0),
        "0 / 0 and inf / inf are NaN, and so are their derivatives, although one of them may tend to a limit along one "
        "of the axes.",
    ),
    Limit(
        "bessel_i0e's second derivative at its kink",
        ("bessel_i0e",),
        "digits",
        (2,),
        lambda f, x: bits(x) < f.emin,
        ("bessel_i0e", "nested", "float32", 2, 0.0),
        "The first derivative jumps at 0, where TensorFlow takes sign(0) = 0 for it; its derivative is then 1/2, while "
        "on both sides the second derivative tends to 3/2.",
        dtypes=("float16", "float32", "float64"),
    ),
)
