"""Known defects of TensorFlow at complex arguments, as rows: where, how it shows, why, and one counterexample.

The rules are those of `reference.limits`: a row hides its symptom in its region only, and one that is no longer
true has to be deleted. A region may speak of the kernel that the replay blames and of its operands.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable
from typing import Any, NamedTuple

from reference.limits import symptom
from reference.limits.form import bits
from reference.plane.blame import Blame
from reference.ulp import FORMATS, Format
from reference.wire import PARTS


class Found(NamedTuple):
    """A failing number: where it was asked, and the kernel to blame for it, if one is."""

    form: Format
    order: int
    point: tuple[complex, ...]
    blame: Blame | None

    @property
    def size(self) -> float:
        """The binary logarithm of the largest part of a primal."""
        return max(map(modulus_bits, self.point))

    @property
    def operands(self) -> list[float]:
        """The sizes in bits of what the blamed kernel was given."""
        return [modulus_bits(z) for z in self.blame.operands] if self.blame else []


Region = Callable[[Found], bool]


class Limit(NamedTuple):
    """One defect: `who` names ops, or a kernel in brackets, as "[Log]"."""

    name: str
    who: str
    symptom: str  # nan, infinite, zero, digits, none, raised
    orders: tuple[int, ...]
    where: Region
    example: tuple[Any, ...]  # op, mode, dtype, order, *primals
    why: str
    modes: str = ""  # all, if empty


COPIES = 16  # so many copies of an example make vectorised kernels run


def modulus_bits(z: complex) -> float:
    return max(bits(z.real), bits(z.imag))


def off_the_positive_axis(found: Found) -> bool:
    """Where a conjugate makes a difference to some partial, or to the gradient of one."""
    return found.order == 2 or any(z.imag != 0 or z.real < 0 for z in found.point)


def overflows(found: Found) -> bool:
    """Some kernel, within its contract, made what is not finite out of finite operands."""
    return found.blame is not None and not found.blame.broken


def square_leaves(form: Format, *sizes: float) -> bool:
    """The square of a modulus of so many bits is no normal number, with a bit to spare."""
    return any(2 * size > form.emax - 2 or 2 * size < form.emin + form.precision for size in sizes)


def near_the_ends(form: Format, size: float) -> bool:
    """A modulus within two binades of the largest or the smallest normal number, or beyond it."""
    return size > form.emax - 2 or size < form.emin + 2


def everywhere(_: Found) -> bool:
    return True


PARTLY_REAL = "real imag abs angle abs_squared complex polar"
OVERFLOWING = (
    "asin acos atan atanh hypot sinc sqrt rsqrt square cube polyval abs sign divide divide_no_nan polar pow logit"
    " reciprocal reciprocal_no_nan x_log_x xlogy xlog1py xdivy multiply_no_nan squared_difference silu acosh exp2"
    " log2 log10 asinh abs_squared multiply"
)

LIMITS: tuple[Limit, ...] = (
    Limit(
        "a gradient without its conjugate",
        "multiply_no_nan xlogy xlog1py xdivy x_log_x silu",
        "digits zero nan infinite",
        (1, 2),
        off_the_positive_axis,
        ("multiply_no_nan", "tape", "complex64", 1, 0.75 + 1.25j, 0.5 - 2j),
        "The gradient functions of MulNoNan, Xlogy, Xlog1py, Xdivy and swish multiply the cotangent by the partial "
        "derivative and not by its conjugate, as those of Mul, Log and Sigmoid do.",
    ),
    Limit(
        "squared_difference keeps the cotangent's imaginary part",
        "squared_difference",
        "digits nan infinite zero",
        (1, 2),
        everywhere,
        ("squared_difference", "tape", "complex64", 1, 0.75 + 1.25j, 0.5 - 2j),
        "The kernel computes |a - b|², which is real, so that the gradient is 2 Re(c) (a - b); TensorFlow returns "
        "2 c (a - b) for a cotangent c that is not real.",
    ),
    Limit(
        "tan where the cosine overflows",
        "tan",
        "nan",
        (1, 2),
        lambda f: abs(f.point[0].imag) > math.log(2.0) * f.form.emax,
        ("tan", "tape", "complex64", 1, 1 + 100j),
        "The gradient is reciprocal(cos z)²: away from the real axis the cosine overflows in both parts, whose "
        "reciprocal is NaN in a vector; the derivative has long become 0, which the same number alone gives.",
    ),
    Limit(
        "a factor overflows on the way",
        OVERFLOWING,
        "nan infinite zero",
        (1, 2),
        overflows,
        ("asin", "tape", "complex64", 1, 3e19 + 0j),
        "A square, a power or a product by the cotangent overflows, and in complex arithmetic one infinite part makes "
        "a NaN of the other (a vector) or 0 of both (a number alone), where the derivative is an ordinary number.",
    ),
    Limit(
        "Log where |z|² is no normal number",
        "[Log] [Xlogy] [Xlog1py]",
        "nan infinite digits",
        (1, 2),
        lambda f: square_leaves(f.form, *f.operands),
        ("pow", "tape", "complex64", 1, 3.5e19 + 0j, 0.5 + 0.25j),
        "The vectorised logarithm of four or more numbers computes |z|² without scaling and returns NaN in the real "
        "part; the same number alone is right.",
    ),
    Limit(
        "Log beside one",
        "[Log]",
        "digits",
        (1, 2),
        lambda f: f.blame is not None and abs(f.blame.operands[0] - 1) < 0.5,
        ("pow", "tape", "complex64", 1, 1 + 2.0**-12 * 1j, 2 + 0j),
        "The vectorised logarithm takes the real logarithm of a rounded |z|², which is as far off as |z|² is, while "
        "log z itself is small.",
    ),
    Limit(
        "zero times anything has no derivative",
        "xlogy xlog1py xdivy",
        "zero",
        (1,),
        lambda f: f.point[0] == 0,
        ("xlogy", "tape", "complex64", 1, 0j, 2 + 0j),
        "At a = 0 the gradient by a is taken of xlogy(0, b), which is 0, where the derivative of a log b is log b; at "
        "real arguments likewise.",
    ),
    Limit(
        "Sqrt and Rsqrt at the ends of the range",
        "[Sqrt] [Rsqrt]",
        "nan infinite zero digits",
        (1, 2),
        lambda f: near_the_ends(f.form, f.operands[0]),
        ("sqrt", "tape", "complex64", 1, 2e38 + 0j),
        "The kernel adds the modulus to a part before it halves, which overflows to infinity beside the largest "
        "number, and loses the number altogether beside the smallest.",
    ),
    Limit(
        "DivNoNan where |b|² is no normal number",
        "[DivNoNan]",
        "zero nan infinite digits",
        (1, 2),
        lambda f: square_leaves(f.form, f.operands[1]),
        ("sign", "tape", "complex64", 1, -4.701977e-37 - 3.526483e-37j),
        "The kernel divides by |b|² without scaling: where that is subnormal the quotient has lost its digits, and "
        "where it is 0 the answer is 0 as if b were 0; RealDiv at the same numbers is right.",
    ),
    Limit(
        "Pow far from its normal numbers",
        "[Pow]",
        "nan infinite zero digits",
        (1, 2),
        lambda f: square_leaves(f.form, *f.operands) or math.inf in f.operands,
        ("pow", "tape", "complex64", 1, -0.5 - 1e-38j, 1.7e38 + 0j),
        "The kernel is exp(y log x) with a logarithm whose |x|² overflows or underflows, or a product that overflows, "
        "so that NaN stands where the power has become 0 or is an ordinary number.",
    ),
    Limit(
        "a Jacobian in a loop between real and complex",
        PARTLY_REAL,
        "raised",
        (1,),
        everywhere,
        ("abs", "jacobian_loop", "complex64", 1, 3 + 4j),
        "GradientTape.jacobian without pfor gathers its rows in an array of the target's dtype: where the source is "
        "complex and the target real, or the other way round, it raises InvalidArgumentError.",
        "jacobian_loop",
    ),
)

NO_CONJUGATE = "sqrt rsqrt reciprocal reciprocal_no_nan hypot"
NONE_LATER = "log log1p log2 log10 logit asin acos atan atanh tan angle"

XLA: tuple[Limit, ...] = (
    Limit(
        "XLA: gradient kernels without their conjugate",
        NO_CONJUGATE,
        "digits zero nan infinite",
        (1, 2),
        off_the_positive_axis,
        ("sqrt", "xla", "complex64", 1, 3 + 4j),
        "XLA's SqrtGrad, RsqrtGrad and ReciprocalGrad multiply by the partial derivative, where the kernels of the "
        "same name take its conjugate: the compiled function's gradient is another number than the eager one's.",
        "xla",
    ),
    Limit(
        "XLA: gradient kernels without their conjugate, second order",
        NONE_LATER,
        "digits zero nan infinite",
        (2,),
        everywhere,
        ("log", "xla", "complex64", 2, 3 + 4j),
        "Their gradient is made of a square root or of a reciprocal, whose own gradient has no conjugate under XLA.",
        "xla",
    ),
    Limit(
        "XLA: the hyperbolic sine near zero",
        "sin cos sinh cosh tan asinh",
        "digits zero",
        (1, 2),
        lambda f: any(min(abs(z.real), abs(z.imag)) < 0.5 for z in f.point),
        ("cos", "xla", "complex64", 1, 2.5e-34 + 1.8e-34j),
        "XLA computes a part of sin and sinh as (exp(x) - exp(-x)) / 2 of the other, which cancels where x is small: "
        "it is 0 from 1e-8 on.",
        "xla",
    ),
    Limit(
        "XLA: exponentials of large numbers",
        "sin cos sinh cosh exp exp2 expm1",
        "digits",
        (1, 2),
        lambda f: f.size > 4,
        ("sinh", "xla", "complex64", 1, 60 + 0.5j),
        "XLA's sinh and cosh take exp(x + log(1/2)), an argument whose rounding moves the result by |x| times as much.",
        "xla",
    ),
    Limit(
        "XLA: acosh near one",
        "acosh",
        "digits",
        (1, 2),
        lambda f: abs(f.point[0] - 1) < 0.5,
        ("acosh", "xla", "complex64", 1, 1 + 1.2e-38j),
        "XLA's complex acosh loses digits beside its branch point 1, where the eager kernel keeps them.",
        "xla",
    ),
    Limit(
        "XLA: quotients that are put together",
        "divide divide_no_nan sinc",
        "digits zero nan infinite",
        (1, 2),
        lambda f: square_leaves(f.form, *map(modulus_bits, f.point)) or any(abs(z) < 0.5 for z in f.point),
        ("divide", "xla", "complex64", 1, 10000 + 1j, -3.7e19 + 0j),
        "XLA turns a / b / b into a / (b b), whose denominator overflows or underflows long before the quotient does, "
        "and shares what cancels in sinc in another order.",
        "xla",
    ),
    Limit(
        "XLA: logarithms beside one",
        "pow",
        "digits",
        (1, 2),
        lambda f: abs(f.point[0] - 1) < 0.5,
        ("pow", "xla", "complex128", 1, 1 + 2.0**-26 * 1j, 0.25 - 2j),
        "XLA's complex logarithm, too, takes that of a rounded modulus, while log z itself is small.",
        "xla",
    ),
    Limit(
        "XLA: powers that vanish",
        "pow",
        "nan infinite digits zero",
        (1, 2),
        lambda f: f.size > 4 or square_leaves(f.form, *map(modulus_bits, f.point)),
        ("pow", "xla", "complex64", 1, -3 - 0.125j, -40 + 30j),
        "XLA multiplies |x|**Re(y) by exp(-Im(y) arg x): one of the two overflows where the power itself does not.",
        "xla",
    ),
)


def named(verdict: Any, place: int, blame: Blame | None) -> Limit | None:
    """The limit that a failing outcome is listed in, if any."""
    question, outcome = verdict.question, verdict.outcomes[place]
    shows = shown(outcome.status, None if verdict.got is None else complex(verdict.got[place]))
    found = Found(FORMATS[PARTS[question.dtype]], question.order, question.point(place), blame)
    who = {question.op.name} | ({f"[{blame.kernel}]"} if blame is not None else set())
    for limit in (*XLA, *LIMITS):  # the eager trace says little of what XLA ran
        if (
            who.intersection(limit.who.split())
            and shows in limit.symptom.split()
            and question.order in limit.orders
            and (not limit.modes or question.mode.name in limit.modes.split())
            and limit.where(found)
        ):
            return limit
    return None


def shown(status: str, got: complex | None) -> str:
    """How a failing answer shows: the word that a limit's row uses."""
    if got is None or status in ("raised", "crashed"):
        return symptom(status, None)
    if cmath.isnan(got):
        return "nan"
    return "infinite" if cmath.isinf(got) else "zero" if got == 0 else "digits"
