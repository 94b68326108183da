"""Poles, zeros and infinities: exact points at which a formula says 0 * inf, 0 / 0 or simply something else."""

from __future__ import annotations

from reference.limits.form import INF, Limit, bits, infinite, over, per_op, spread

SINGULAR = (
    Limit(
        "x log x has derivative 0 at 0",
        ("x_log_x",),
        "zero",
        (1, 2),
        lambda f, x: x == 0,
        ("x_log_x", "tape", "float32", 1, 0.0),
        "Xlogy's gradient multiplies log(y) by the indicator of x != 0 and divides x by y without NaN, so that "
        "where both are 0 nothing is left of log(x) + 1, which falls to -infinity.",
    ),
    Limit(
        "sinc is NaN at 0",
        ("sinc",),
        "nan infinite zero",
        (1, 2),
        lambda f, x: over(f, 1 - 2 * bits(x)),
        ("sinc", "tape", "float32", 1, 0.0),
        "tf.where selects 1 at x = 0, but the gradient of the branch not taken, sin(pi x) / (pi x), is 0 / 0 there "
        "and 0 * NaN leaks through; at second order so does 2 / x^2 where it overflows. Forward mode twice says 0.",
        dtypes=("float16", "float32", "float64"),
    ),
    Limit(
        "xlogy has no derivative by a at a = 0",
        ("xlogy", "xlog1py", "xdivy"),
        "zero",
        (1, 2),
        lambda f, a, b: bits(a) < f.emin,
        ("xlogy", "tape", "float32", 1, 0.0, 0.5),
        "The gradient by a is log(b) times the indicator of a != 0, as if the function were constant there: at a = 0 "
        "it is 0 instead of log(b); subnormal numbers count as 0.",
        entries=((0,), (0, 0), (0, 1), (1, 0)),
    ),
    Limit(
        "pow has no derivative by b at a = 0",
        ("pow",),
        "zero",
        (1, 2),
        lambda f, a, b: a == 0,
        ("pow", "tape", "float32", 1, 0.0, 0.0),
        "log(a) is replaced by 0 where a is not positive; a^0 * log(a) falls to -infinity at a = 0.",
        entries=((1,), (0, 1), (1, 0), (1, 1)),
    ),
    Limit(
        "pow's mixed derivative at a = 0, b = 1",
        ("pow",),
        "digits",
        (2,),
        lambda f, a, b: a == 0 and b == 1,
        ("pow", "nested", "float32", 2, 0.0, 1.0),
        "log(a) is replaced by 0 where a is not positive, so that of a^(b-1) * (1 + b * log(a)) only 1 is left.",
    ),
    Limit(
        "logaddexp takes a side at ties",
        ("logaddexp", "logaddexp2"),
        "digits zero",
        (1, 2),
        lambda f, a, b: a == b,
        ("logaddexp", "tape", "float32", 1, 1.0, 1.0),
        "It is composed of maximum(a, b) and |a - b|: at a = b the maximum gives a the whole cotangent and the "
        "absolute value gives 0, so that the derivatives are 1 and 0 instead of 1/2 and 1/2.",
    ),
    Limit(
        "logaddexp at infinity",
        ("logaddexp", "logaddexp2"),
        "nan",
        (1, 2),
        infinite,
        ("logaddexp", "tape", "float32", 1, -INF, -INF),
        "tf.where selects a + b where a - b is NaN, but 0 * NaN leaks from the branch not taken.",
    ),
    Limit(
        "a product's second derivative beside a zero",
        ("reduce_prod",),
        "digits zero",
        (2,),
        lambda f, x: bool((x == 0).any()),
        ("reduce_prod", "nested", "float32", 2, [2.0, 3.0, 1.5, 0.0, 3.0, 2.0]),
        "Prod's gradient avoids dividing by multiplying two Cumprods, but Cumprod's own gradient divides by x without "
        "NaN, which drops every term that has the zero as a factor.",
    ),
    Limit(
        "bessel_i1 has derivative 1 at 0",
        ("bessel_i0", "bessel_i1"),
        "digits",
        (1, 2),
        lambda f, x: bits(x) < f.emin,
        ("bessel_i1", "tape", "float32", 1, 0.0),
        "BesselI1's gradient imputes 1 at x = 0, where I0 - I1 / x is 0 / 0; the limit is 1/2, as it is for the scaled "
        "function, whose gradient says so; the second derivative of I0 inherits it.",
        dtypes=("float16", "float32", "float64"),
    ),
    spread(
        "a second derivative about a removable singularity",
        "nan infinite",
        (2,),
        per_op(
            ("bessel_i1", lambda f, x: over(f, -bits(x))),
            ("bessel_i1e", lambda f, x: over(f, -2 * bits(x))),
        ),
        ("bessel_i1", "nested", "float32", 2, 0.0),
        "tf.where gives the branch not taken, which divides by x, a zero cotangent, and the infinite partials of that "
        "quotient turn it into NaN; beside 0 one of them overflows.",
        dtypes=("float16", "float32", "float64"),
    ),
    Limit(
        "bessel_i1(x) / x is not continued at 0",
        ("bessel_i1_over_x",),
        "nan infinite",
        (1, 2),
        lambda f, x: over(f, 1 - 2 * bits(x)),
        ("bessel_i1_over_x", "tape", "float32", 1, 0.0),
        "The quotient's derivative is a difference of two terms that grow like 1 / x: inf - inf at 0, and at second "
        "order wherever 2 / x^2 overflows.",
        dtypes=("float16", "float32", "float64"),
    ),
    Limit(
        "a Jacobian beside a division by zero",
        ("broadcast_divide",),
        "nan",
        (1, 2),
        lambda f, a, b: over(f, *(-3 * bits(x) for x in b.flat)),
        ("broadcast_divide", "jacobian", "float32", 1, [-1.5, 0.75], [1.5, -0.0, 0.5]),
        "A Jacobian is asked row by row with cotangents that are 0 but for one: 0 / b is NaN at b = 0, and the sum "
        "over the broadcast axis takes it into the derivatives by every element.",
        modes=("jacobian", "jacobian_loop"),
    ),
)
