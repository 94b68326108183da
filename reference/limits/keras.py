"""Compositions of Keras and of TensorFlow's NumPy: kinks that the pieces have and the function has not."""

from __future__ import annotations

import math

from reference.limits.form import Format, Limit, anywhere, bits, infinite, over, per_op, radius, ratios, spread, under

KERAS_LOSSES = (
    "binary_crossentropy binary_focal_crossentropy mean_squared_error mean_absolute_error "
    "mean_absolute_percentage_error mean_squared_logarithmic_error huber log_cosh"
)
GRAPHS = ("function", "around", "xla", "unknown_shape", "unknown_rank")


def tie(_: Format, a: float, b: float) -> bool:
    """Arguments of one size."""
    return abs(a) == abs(b)


def rounded_quotient(form: Format, a: float, b: float) -> bool:
    """a / b underflows, or is so near an integer that it rounds to it."""
    if b == 0 or math.isnan(a / b):
        return False
    q = a / b
    return math.isinf(q) or bits(q) < form.emin or abs(q - round(q)) <= abs(q) * 2.0**-form.precision


def beside_the_ends(_: Format, *x: float) -> bool:
    """A probability or label near zero or one."""
    return any(0 <= v < 1 / 32 or 31 / 32 < v <= 1 for v in x)


KERAS = (
    Limit(
        "celu has derivative 2 at 0",
        ("celu",),
        "digits",
        (1,),
        lambda f, x: x == 0,
        ("celu", "tape", "float32", 1, 0.0),
        "Keras adds maximum(x, 0) and alpha * expm1(minimum(x, 0) / alpha): at x = 0 both give x the whole cotangent, "
        "and the derivative is 2 where the function is smooth with slope 1.",
    ),
    Limit(
        "ldexp has derivative 1 at 0 and at infinity",
        ("ldexp",),
        "digits",
        (1,),
        lambda f, x: x == 0 or math.isinf(x),
        ("ldexp", "tape", "float32", 1, 0.0),
        "Keras returns tf.where(isinf(x) | (x == 0), x, x * 2**n): where the first branch is taken the derivative is "
        "that of the identity, 1 instead of 2**n.",
    ),
    Limit(
        "Keras' hypot takes a side at ties",
        ("hypot_scaled",),
        "digits zero infinite nan",
        (1, 2),
        tie,
        ("hypot_scaled", "tape", "float32", 1, 1.0, 1.0),
        "It is composed of maximum(|a|, |b|) and of minimum over maximum: at |a| = |b| both give one argument "
        "everything, so that the derivatives are 2 / sqrt(2) and 0 instead of 1 / sqrt(2) each.",
    ),
    Limit(
        "Keras' hypot overflows on the way to its derivative",
        ("hypot_scaled",),
        "nan infinite zero digits",
        (1, 2),
        lambda f, a, b: over(f, radius(a, b), -3 * radius(a, b)) or under(f, bits(a), bits(b)),
        ("hypot_scaled", "tape", "float32", 1, math.inf, 0.75),
        "The quotient of the smaller by the larger argument is differentiated as a quotient, by the larger's square "
        "and at second order by its cube, which overflow or underflow; at infinity it is inf / inf.",
    ),
    Limit(
        "exp2 raises in a graph unless it is float32",
        ("exp2",),
        "raised",
        (1, 2),
        anywhere,
        ("exp2", "function", "float64", 1, 0.75),
        "Keras calls tf.math.pow(2.0, x): in a graph the Python number becomes a float32 tensor before it meets x, and "
        "TypeError says that the dtypes differ; eagerly the same call works.",
        dtypes=("float16", "bfloat16", "float64"),
        modes=GRAPHS,
    ),
    Limit(
        "mean_squared_logarithmic_error answers in float32",
        ("mean_squared_logarithmic_error",),
        "raised none",
        (1, 2),
        anywhere,
        ("mean_squared_logarithmic_error", "tape", "float16", 1, 0.5, 0.25),
        "Keras' epsilon is a float32 tensor there, so that the loss of float16 numbers is a float32: a cotangent of "
        "the inputs' dtype is refused with InvalidArgumentError, and forward mode answers in float32.",
        dtypes=("float16", "bfloat16"),
    ),
    Limit(
        "Keras' losses need a known rank",
        tuple(KERAS_LOSSES.split()),
        "raised:ValueError",
        (1, 2),
        anywhere,
        ("mean_squared_error", "unknown_rank", "float32", 1, 0.75, 0.25),
        "They compare the ranks of labels and predictions in Python: ValueError, cannot take the length of a shape "
        "with unknown rank.",
        modes=("unknown_rank",),
    ),
    Limit(
        "mean_squared_logarithmic_error's epsilon is a float32",
        ("mean_squared_logarithmic_error",),
        "digits zero",
        (1, 2),
        lambda f, a, b: min(a, b) < 1.01e-7,
        ("mean_squared_logarithmic_error", "tape", "float64", 1, 0.5, 0.0),
        "Keras turns 1e-7 into a float32 tensor before it meets a float64 one: what is clipped has eight digits.",
        dtypes=("float64",),
    ),
    spread(
        "Keras' epsilon is no number of float16",
        "digits nan infinite zero",
        (1, 2),
        dict.fromkeys(("binary_crossentropy", "binary_focal_crossentropy", "kl_divergence"), beside_the_ends),
        ("binary_crossentropy", "tape", "float16", 1, 1.0, 0.75),
        "In float16 the epsilon 1e-7 is subnormal and 1 - 1e-7 is 1: a saturated probability is not clipped, and the "
        "loss takes log(0) and divides by 0; beside the ends the squares of quotients overflow. In bfloat16, too, "
        "1 - 1e-7 is 1.",
        dtypes=("float16", "bfloat16"),
    ),
    Limit(
        "mean_absolute_percentage_error divides by small labels",
        ("mean_absolute_percentage_error",),
        "digits nan infinite zero",
        (1, 2),
        lambda f, a, b: b == 0 or over(f, radius(a, b) + 1) or ratios(f, radius(a, b) + 7, bits(b)),
        ("mean_absolute_percentage_error", "tape", "float16", 1, -0.0024433135986328125, -0.003780364990234375),
        "100 |b - a| / max(|b|, epsilon) is multiplied out in the dtype: in float16 epsilon is subnormal, and the "
        "quotient's derivatives by powers of b overflow, or are inf * 0, where the labels are small or infinite.",
    ),
    Limit(
        "fmod has derivative 0 at 0",
        ("fmod",),
        "zero",
        (1,),
        lambda f, a, b: a == 0,
        ("fmod", "tape", "float32", 1, 0.0, 0.75),
        "Keras multiplies sign(a) by floormod(|a|, |b|): at a = 0 the sign and the absolute value's derivative are "
        "both 0, and so is the derivative of a function that is the identity about 0.",
        entries=((0,),),
    ),
    Limit(
        "a remainder's quotient is rounded before its floor",
        ("[FloorDiv]", "floormod", "fmod"),
        "digits zero infinite nan",
        (1,),
        per_op(("floormod fmod", rounded_quotient)),
        ("floormod", "tape", "float16", 1, 0.300048828125, 0.10003662109375),
        "FloorMod's derivative by b is -floor(a / b), which the kernel FloorDiv takes of the rounded quotient: where "
        "that rounds up to an integer it is one too many, and where it underflows 0 instead of -1.",
        entries=((1,),),
    ),
    Limit(
        "weighted cross entropy takes a side at a = 0",
        ("weighted_cross_entropy",),
        "digits zero",
        (1, 2),
        lambda f, a, b, w: a == 0,
        ("weighted_cross_entropy", "tape", "float32", 1, 0.0, 0.75, 0.75),
        "log(1 + exp(-a)) is composed of log1p(exp(-|a|)) and relu(-a), whose derivatives at a = 0 are taken as 0: "
        "there the weight's term is missing from a function that is smooth.",
        entries=((0,), (0, 0), (0, 1), (0, 2), (1, 0), (2, 0)),
    ),
    Limit(
        "weighted cross entropy at infinity",
        ("weighted_cross_entropy",),
        "nan infinite",
        (1, 2),
        lambda f, a, b, w: over(f, bits(a) + 2, bits(b), bits(w) + 2),
        ("weighted_cross_entropy", "tape", "float32", 1, -math.inf, 0.75, 0.75),
        "relu(-a), exp(-|a|) and the weight are multiplied out: an infinite or overflowing one meets a 0, or its like.",
    ),
    Limit(
        "huber's kink moves by a rounding",
        ("huber",),
        "digits zero",
        (2,),
        lambda f, a, b: abs(abs(a - b) - 1) < 2.0**-f.precision,
        ("huber", "nested", "float32", 2, -(2.0**-149), 1.0),
        "|a - b| is rounded to 1 and compared with 1: the quadratic piece's second derivative is taken outside it.",
    ),
    spread(
        "a loss's branch not taken overflows",
        "nan infinite",
        (1, 2),
        per_op(
            ("huber", lambda f, a, b: over(f, radius(a, b) + 2)),
            ("mean_absolute_error", infinite),
            ("mean_squared_error", lambda f, a, b: over(f, radius(a, b) + 2)),
            ("mean_squared_logarithmic_error", infinite),
            ("log_cosh", lambda f, a, b: over(f, radius(a, b) + 2)),
            ("log_poisson_loss", lambda f, a, b: over(f, a / math.log(2), bits(a) + max(bits(b), 0), bits(b) + 2)),
            (
                "log_poisson_loss_full",
                lambda f, a, b: over(f, a / math.log(2), bits(a) + max(bits(b), 0), bits(b) + 3, -3 * bits(b)),
            ),
            ("poisson", lambda f, a, b: over(f, bits(a) + 1, bits(b) + 1, -3 * bits(a)) or a == 0),
        ),
        ("huber", "tape", "float32", 1, math.inf, 0.75),
        "Both branches of a loss are computed and the cotangent of the other is 0: the square of a large error, the "
        "logarithm of a zero count, inf - inf turn it into NaN; so do terms of a sum that overflow against each other.",
    ),
)
