"""Functions of complex arguments: the analytic ones of the catalogue, and those that only Wirtinger derives.

A row whose name stands in the real catalogue has that row's primal and call. Where a function is not
holomorphic its primal says so by `sp.conjugate`; a real argument stays a real argument.
"""

from typing import Any, Callable, Dict, NamedTuple, Tuple

from reference.catalogue import OPS as REAL

COMPLEXES = ("complex64", "complex128")


class ComplexOp(NamedTuple):
    """One function of complex (or, if `real_inputs`, of real) arguments."""

    name: str
    primal: Callable[..., Any]  # (sp, *z) -> SymPy expression of complex symbols and their conjugates
    tf: Callable[..., Any]  # (tf, *z) -> tensor; the call on trial
    arity: int = 1
    real_inputs: bool = False
    real_output: bool = False
    at: Tuple[Tuple[complex, ...], ...] = ()  # points by hand that no rule finds
    note: str = ""

    @property
    def asked_as(self) -> str:
        """The row's name in a job, which tells it from a real row of the same name."""
        return "complex " + self.name


def of_real(name: str, **fields: Any) -> ComplexOp:
    """The real catalogue's row, at complex arguments."""
    op = REAL[name]
    return ComplexOp(name, op.primal, op.tf, op.arity, **fields)


def polynomial(tf: Any, z: Any) -> Any:
    """z² + 2 i z + 3 by Horner's rule, as TensorFlow has it."""
    return tf.math.polyval([tf.constant(k, z.dtype) for k in (1, 2j, 3)], z)


def modulus(sp: Any, z: Any) -> Any:
    """|z| by z and its conjugate."""
    return sp.sqrt(z * sp.conjugate(z))


HOLOMORPHIC = (
    *map(of_real, "exp expm1 log log1p sigmoid sin cos tan sinh cosh tanh asin acos atan asinh acosh atanh".split()),
    *map(of_real, "sqrt rsqrt square cube reciprocal neg silu logit x_log_x sinc".split()),
    *map(of_real, "add subtract multiply divide multiply_no_nan pow xlogy xlog1py xdivy hypot".split()),
    ComplexOp("divide_no_nan", lambda sp, a, b: a / b, lambda tf, a, b: tf.math.divide_no_nan(a, b), 2),
    ComplexOp(
        "reciprocal_no_nan",
        lambda sp, z: 1 / z,
        lambda tf, z: tf.math.reciprocal_no_nan(z),
    ),
    ComplexOp("exp2", lambda sp, z: sp.exp(z * sp.log(2)), lambda tf, z: tf.experimental.numpy.exp2(z)),
    ComplexOp("log2", lambda sp, z: sp.log(z) / sp.log(2), lambda tf, z: tf.experimental.numpy.log2(z)),
    ComplexOp("log10", lambda sp, z: sp.log(z) / sp.log(10), lambda tf, z: tf.experimental.numpy.log10(z)),
    ComplexOp("polyval", lambda sp, z: z**2 + 2 * sp.I * z + 3, polynomial),
)

BY_WIRTINGER = (
    ComplexOp("conj", lambda sp, z: sp.conjugate(z), lambda tf, z: tf.math.conj(z)),
    ComplexOp(
        "real",
        lambda sp, z: (z + sp.conjugate(z)) / 2,
        lambda tf, z: tf.math.real(z),
        real_output=True,
    ),
    ComplexOp(
        "imag",
        lambda sp, z: (z - sp.conjugate(z)) / (2 * sp.I),
        lambda tf, z: tf.math.imag(z),
        real_output=True,
    ),
    ComplexOp("abs", modulus, lambda tf, z: tf.math.abs(z), real_output=True, note="no derivative at 0"),
    ComplexOp(
        "angle",
        lambda sp, z: sp.log(z / sp.conjugate(z)) / (2 * sp.I),
        lambda tf, z: tf.math.angle(z),
        real_output=True,
        note="the derivative is the same on both sides of the cut",
    ),
    ComplexOp("sign", lambda sp, z: z / modulus(sp, z), lambda tf, z: tf.math.sign(z), note="z / |z|"),
    ComplexOp(
        "abs_squared",
        lambda sp, z: z * sp.conjugate(z),
        lambda tf, z: tf.math.real(z * tf.math.conj(z)),
        real_output=True,
    ),
    ComplexOp(
        "squared_difference",
        lambda sp, a, b: (a - b) * sp.conjugate(a - b),
        lambda tf, a, b: tf.math.squared_difference(a, b),
        2,
        note="|a - b|², of complex dtype although its value is real",
    ),
    ComplexOp(
        "complex",
        lambda sp, a, b: a + sp.I * b,
        lambda tf, a, b: tf.complex(a, b),
        2,
        real_inputs=True,
    ),
    ComplexOp(
        "polar",
        lambda sp, r, t: r * sp.exp(sp.I * t),
        lambda tf, r, t: tf.complex(r * tf.math.cos(t), r * tf.math.sin(t)),
        2,
        real_inputs=True,
        note="as users write it: TensorFlow has no polar of its own",
    ),
)

TABLE: Dict[str, ComplexOp] = {row.name: row for row in HOLOMORPHIC + BY_WIRTINGER}
OPS = {row.asked_as: row for row in TABLE.values()}  # as the probe looks them up
