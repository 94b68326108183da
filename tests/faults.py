"""Planted gradient faults, as a table: what the suite must catch, and how each one is planted.

Most are planted by `tf.custom_gradient` around the op's own call, with a gradient that starts from the
row's textbook formula and then errs. Others replace an entry of TensorFlow's own registries: of gradients,
of forward rules, of `pfor` converters. This module is a catalogue, so that one probe can be asked about
all of them: `Probe(catalogue="tests.faults")`, and with `plant="tests.faults:plant"` for the registries.
"""

import functools
import importlib
import math
from collections.abc import Callable
from typing import Any, NamedTuple

from reference.catalogue import OPS as HONEST
from reference.op import Op
from reference.ulp import FORMATS, next_down

Cotangents = list[Any]
Right = Callable[..., Cotangents]  # (g, y, *x) -> one cotangent per input, by the right formula
Wrong = Callable[..., Cotangents]  # (tf, right, g, y, *x) -> the same, with a fault


class Fault(NamedTuple):
    """One way to be wrong: on which op, in whose registry, and in which question it has to show."""

    name: str
    op: str
    kind: str
    wrong: Wrong
    planted: str = ""  # "registry:KERNEL", "forward rule:KERNEL" or "pfor:KERNEL"; empty: tf.custom_gradient
    dtype: str = "float32"
    order: int = 1
    mode: str = ""  # empty: the plain one of this order
    note: str = ""

    @property
    def asked_in(self) -> str:
        """The mode in which the fault has to show."""
        return self.mode or ("tape", "nested")[self.order - 1]

    @property
    def registry(self) -> str:
        """Which of TensorFlow's registries holds the fault; empty for none."""
        return self.planted.partition(":")[0]

    @property
    def kernel(self) -> str:
        """The registry's entry that is replaced."""
        return self.planted.partition(":")[2]


# -- the right formulas: the rows' textbook gradients, run by TensorFlow -------------------------------------


class NumPyByTensorFlow:
    """NumPy's names as a row's textbook gradient uses them, in one dtype."""

    pi = math.pi

    def __init__(self, tf: Any, dtype: Any):
        self.tf, self.dtype = tf, dtype

    def __getattr__(self, name: str) -> Any:
        return getattr(self.tf.math, name)

    def sqrt(self, x: Any) -> Any:
        return math.sqrt(x) if isinstance(x, float) else self.tf.math.sqrt(x)

    def where(self, condition: Any, x: Any, y: Any) -> Any:
        return self.tf.where(condition, self.tf.cast(x, self.dtype), self.tf.cast(y, self.dtype))

    def bessel_i(self, n: int, x: Any) -> Any:
        return (self.tf.math.bessel_i0, self.tf.math.bessel_i1)[n](x)


def column(tf: Any, g: Any) -> Any:
    return tf.expand_dims(g, 1)


def product(tf: Any, a: Any, b: Any, **transposed: bool) -> Any:
    return tf.linalg.matmul(a, b, **transposed)


#: Array rows use methods that only NumPy's arrays have: here once more in TensorFlow's words.
ARRAYS: dict[str, Callable[..., Any]] = {
    "matmul": lambda tf, g, y, a, b: (product(tf, g, b, transpose_b=True), product(tf, a, g, transpose_a=True)),
    "matvec": lambda tf, g, y, a, b: (
        column(tf, g) * tf.expand_dims(b, 0),
        tf.squeeze(product(tf, a, column(tf, g), transpose_a=True), 1),
    ),
    "einsum": lambda tf, g, y, a, b: (product(tf, g, b), product(tf, g, a, transpose_a=True)),
    "reduce_sum": lambda tf, g, y, x: (tf.broadcast_to(column(tf, g), tf.shape(x)),),
    "reduce_mean": lambda tf, g, y, x: (tf.broadcast_to(g / 6, tf.shape(x)),),
    "logsumexp": lambda tf, g, y, x: (column(tf, g) * tf.exp(x - column(tf, y)),),
    "softmax": lambda tf, g, y, x: (y * (g - tf.reduce_sum(g * y, axis=1, keepdims=True)),),
    "log_softmax": lambda tf, g, y, x: (g - tf.exp(y) * tf.reduce_sum(g, axis=1, keepdims=True),),
    "broadcast_add": lambda tf, g, y, a, b: (g, tf.reduce_sum(g, axis=0)),
    "broadcast_multiply": lambda tf, g, y, a, b: (g * b, tf.reduce_sum(g * a, axis=0)),
    "broadcast_divide": lambda tf, g, y, a, b: (
        tf.reduce_sum(g / b, axis=1, keepdims=True),
        tf.reduce_sum(-g * a / (b * b), axis=0),
    ),
}


def listed(cotangents: Any) -> Cotangents:
    return list(cotangents) if isinstance(cotangents, (tuple, list)) else [cotangents]


def textbook(op: Op, tf: Any) -> Right:
    """The row's textbook gradient, run by TensorFlow."""
    if op.name in ARRAYS:
        return lambda g, y, *x: listed(ARRAYS[op.name](tf, g, y, *x))
    return lambda g, y, *x: listed(op.vjp(NumPyByTensorFlow(tf, g.dtype), g, y, *x))


# -- ways to be wrong ---------------------------------------------------------------------------------------


def right_one(tf: Any, right: Right, g: Any, y: Any, *x: Any) -> Cotangents:
    """No fault: the innocent under the same wrapping."""
    return right(g, y, *x)


def changed(change: Callable[..., Any], *only: int) -> Wrong:
    """Each cotangent d (or only those of some inputs) becomes change(tf, d, g, y, *x)."""

    def wrong(tf: Any, right: Right, g: Any, y: Any, *x: Any) -> Cotangents:
        ds = right(g, y, *x)
        return [change(tf, d, g, y, *x) if not only or i in only else d for i, d in enumerate(ds)]

    return wrong


def negated(*only: int) -> Wrong:
    return changed(lambda tf, d, *_: -d, *only)


def scaled(factor: float, *only: int) -> Wrong:
    return changed(lambda tf, d, *_: d * factor, *only)


def formula(f: Callable[..., Any]) -> Wrong:
    """Another formula altogether: f(tf, g, y, *x)."""
    return lambda tf, right, g, y, *x: listed(f(tf, g, y, *x))


def swapped(tf: Any, right: Right, g: Any, y: Any, a: Any, b: Any) -> Cotangents:
    """The cotangents of two inputs in the wrong order."""
    return right(g, y, a, b)[::-1]


def ignoring_g(tf: Any, right: Right, g: Any, y: Any, *x: Any) -> Cotangents:
    """As if the cotangent were one."""
    return right(tf.ones_like(g), y, *x)


def where(condition: Callable[..., Any], change: Callable[..., Any]) -> Wrong:
    """Wrong only where condition(tf, *x) holds; there d becomes change(d)."""
    return changed(lambda tf, d, g, y, *x: tf.where(condition(tf, *x), change(d), d))


def at(*point: float) -> Wrong:
    """Wrong at one point only, by half."""
    same = lambda tf, *x: functools.reduce(  # noqa: E731
        tf.logical_and, [tf.equal(v, tf.cast(p, v.dtype)) for v, p in zip(x, point, strict=True)]
    )
    return where(same, lambda d: d * 1.5)


def minus_zero(tf: Any, x: Any) -> Any:
    """x is -0.0: equal to zero, and 1/x is negative."""
    return tf.logical_and(tf.equal(x, 0), 1 / x < 0)


def without(*only: int) -> Wrong:
    """None instead of a cotangent."""
    return changed(lambda tf, d, *_: None, *only)


def nan(tf: Any, d: Any, *_: Any) -> Any:
    return d * math.nan


def through(narrow: str) -> Wrong:
    """Everything computed in a narrower dtype and cast back."""

    def wrong(tf: Any, right: Right, g: Any, y: Any, *x: Any) -> Cotangents:
        ds = right(*(tf.cast(v, narrow) for v in (g, y, *x)))
        return [tf.cast(d, g.dtype) for d in ds]

    return wrong


def then(change: Callable[..., Any], *only: int) -> Wrong:
    """First order right; what flows back through it, u, becomes change(tf, u)."""

    def turn(tf: Any, d: Any) -> Any:
        return tf.custom_gradient(lambda v: (tf.identity(v), lambda u: change(tf, u)))(d)

    return changed(lambda tf, d, *_: turn(tf, d), *only)


def only_if(here: Callable[[Any], bool], wrong: Wrong) -> Wrong:
    """Wrong only where here(tf) holds while the gradient is built."""
    return lambda tf, right, g, y, *x: wrong(tf, right, g, y, *x) if here(tf) else right(g, y, *x)


def in_graph(tf: Any) -> bool:
    return bool(tf.inside_function())


def in_xla(tf: Any) -> bool:
    """Whether the function that is being traced will be compiled by XLA."""
    util = importlib.import_module("tensorflow.python.ops.control_flow_util")
    return bool(util.GraphOrParentsInXlaContext(tf.compat.v1.get_default_graph()))


def in_forward_rule(tf: Any) -> bool:
    """Whether a gradient is being turned into a forward rule."""
    return "jvp" in getattr(tf.compat.v1.get_default_graph(), "name", "")


def static_count(tf: Any, g: Any, y: Any, x: Any) -> Any:
    """The mean's gradient with the number of elements as the graph knows it: one where it does not."""
    return tf.broadcast_to(g / (x.shape.num_elements() or 1), tf.shape(x))


# -- the table ----------------------------------------------------------------------------------------------

TINY = FORMATS["float32"].smallest_normal
HUGE = FORMATS["float32"].largest
ONE_LESS = next_down(1.0, "float32")
SIX_LESS = next_down(6.0, "float32")
HALF, BRAIN, DOUBLE = {"dtype": "float16"}, {"dtype": "bfloat16"}, {"dtype": "float64"}


def sigmoid(x: Any, tf: Any) -> Any:
    return 1 / (1 + tf.exp(-x))


SIGN = [
    Fault("sin negated", "sin", "sign", negated()),
    Fault("cos not negated", "cos", "sign", negated(), "registry:Cos", **DOUBLE),
    Fault("softsign negated", "softsign", "sign", negated(), **BRAIN),
    Fault("erfc not negated", "erfc", "sign", negated(), "registry:Erfc", **HALF),
    Fault("divide: second input not negated", "divide", "sign", negated(1)),
    Fault("subtract: second input not negated", "subtract", "sign", negated(1), **HALF),
    Fault("matmul: second input negated", "matmul", "sign", negated(1)),
    Fault("log_softmax negated", "log_softmax", "sign", negated()),
]
FACTOR = [
    Fault("exp times 1 + 1e-5", "exp", "factor", scaled(1 + 1e-5)),
    Fault("softplus times 1 + 1e-5", "softplus", "factor", scaled(1 + 1e-5)),
    Fault("multiply: first input times 1 + 1e-5", "multiply", "factor", scaled(1 + 1e-5, 0)),
    Fault("reduce_mean times 1 + 1e-5", "reduce_mean", "factor", scaled(1 + 1e-5)),
    Fault("softsign times 1 + 1e-6", "softsign", "factor", scaled(1 + 1e-6), note="8 ULP"),
    Fault("exp times 1 + 1e-13", "exp", "factor", scaled(1 + 1e-13), **DOUBLE),
    Fault("matmul times 1 + 1e-13", "matmul", "factor", scaled(1 + 1e-13, 0), **DOUBLE),
    Fault("erf times 1 + 1e-13", "erf", "factor", scaled(1 + 1e-13), **DOUBLE),
    Fault("log1p times 1 + 1e-14", "log1p", "factor", scaled(1 + 1e-14), **DOUBLE),
    Fault("tanh times 1 + 1e-14", "tanh", "factor", scaled(1 + 1e-14), **DOUBLE, note="1 - y*y cancels"),
    Fault("reciprocal times 1 + 1e-13", "reciprocal", "factor", scaled(1 + 1e-13), "registry:Reciprocal", **DOUBLE),
    Fault("square times 1 + 1e-15", "square", "factor", scaled(1 + 1e-15), **DOUBLE, note="5 ULP"),
    Fault("sinh times 1 + 2^-10", "sinh", "factor", scaled(1 + 2.0**-10), **HALF, note="1 ULP"),
    Fault("atan times 1 + 2^-7", "atan", "factor", scaled(1 + 2.0**-7), **BRAIN, note="1 ULP"),
]
DROPPED = [
    Fault("silu without x s (1 - s)", "silu", "dropped term", formula(lambda tf, g, y, x: g * sigmoid(x, tf))),
    Fault("sigmoid without -y*y", "sigmoid", "dropped term", formula(lambda tf, g, y, x: g * y)),
    Fault("tan without the 1", "tan", "dropped term", formula(lambda tf, g, y, x: g * y * y), **DOUBLE),
    Fault("expm1 without the 1", "expm1", "dropped term", changed(lambda tf, d, g, *_: d - g), "registry:Expm1"),
    Fault("log1p without the 1", "log1p", "dropped term", formula(lambda tf, g, y, x: g / x), **HALF),
    Fault("softmax without the sum", "softmax", "dropped term", formula(lambda tf, g, y, x: y * g)),
    Fault("log_softmax without the sum", "log_softmax", "dropped term", formula(lambda tf, g, y, x: g), **DOUBLE),
    Fault("asinh without the 1 under the root", "asinh", "dropped term", formula(lambda tf, g, y, x: g / tf.abs(x))),
]
SWAPPED = [
    Fault("multiply swapped", "multiply", "swapped arguments", swapped),
    Fault("divide swapped", "divide", "swapped arguments", swapped, **DOUBLE),
    Fault("atan2 swapped", "atan2", "swapped arguments", swapped),
    Fault("subtract swapped", "subtract", "swapped arguments", swapped, "registry:Sub", **BRAIN),
    Fault("maximum swapped", "maximum", "swapped arguments", swapped),
    Fault("minimum swapped", "minimum", "swapped arguments", swapped, **HALF),
    Fault("squared_difference swapped", "squared_difference", "swapped arguments", swapped),
    Fault("einsum with a for b", "einsum", "swapped arguments",
          formula(lambda tf, g, y, a, b: (product(tf, g, a), product(tf, g, b, transpose_a=True)))),
]  # fmt: skip
IGNORED = [
    Fault("sin without cotangent", "sin", "cotangent ignored", ignoring_g, "registry:Sin"),
    Fault("relu without cotangent", "relu", "cotangent ignored", ignoring_g, **HALF),
    Fault("multiply: one input without cotangent", "multiply", "cotangent ignored",
          formula(lambda tf, g, y, a, b: (g * b, a)), **BRAIN),
    Fault("reduce_sum without cotangent", "reduce_sum", "cotangent ignored", ignoring_g),
    Fault("matmul without cotangent", "matmul", "cotangent ignored", ignoring_g, **DOUBLE),
    Fault("bessel_i0 without cotangent", "bessel_i0", "cotangent ignored", ignoring_g, **DOUBLE),
    Fault("exp with the cotangent's size only", "exp", "cotangent ignored", changed(lambda tf, d, *_: tf.abs(d))),
]  # fmt: skip
REGION = [
    Fault("exp above 10", "exp", "wrong only in a region", where(lambda tf, x: x > 10, lambda d: d * 1.0001)),
    Fault("atan in the tail", "atan", "wrong only in a region",
          where(lambda tf, x: tf.abs(x) > 1000, lambda d: d * 1.01)),
    Fault("sigmoid below -20 flushed to 0", "sigmoid", "wrong only in a region",
          where(lambda tf, x: x < -20, lambda d: d * 0)),
    Fault("softplus saturates at 20", "softplus", "wrong only in a region",
          changed(lambda tf, d, g, y, x: tf.where(x > 20, g, d)), **DOUBLE, note="wrong by 2e-9 and less"),
    Fault("erf beyond 3 is 0", "erf", "wrong only in a region",
          where(lambda tf, x: tf.abs(x) > 3, lambda d: d * 0), **DOUBLE),
    Fault("elu below -5 is 0", "elu", "wrong only in a region", where(lambda tf, x: x < -5, lambda d: d * 0)),
    Fault("leaky_relu with another slope far out", "leaky_relu", "wrong only in a region",
          where(lambda tf, x: x < -100, lambda d: d * 2), **BRAIN),
    Fault("minimum in one quadrant", "minimum", "wrong only in a region",
          where(lambda tf, a, b: tf.logical_and(a < -1, b < -1), lambda d: d * 2)),
    Fault("log near 0", "log", "wrong only in a region",
          where(lambda tf, x: x < 1e-4, lambda d: d * (1 + 1e-5)), "registry:Log"),
    Fault("sqrt above 1e30", "sqrt", "wrong only in a region",
          where(lambda tf, x: x > 1e30, lambda d: d * (1 + 1e-12)), **DOUBLE),
]  # fmt: skip
BIT = [
    Fault("exp at 0", "exp", "one bit pattern", at(0.0)),
    Fault("sin at -0", "sin", "one bit pattern", where(minus_zero, lambda d: d * 2)),
    Fault("atan at 1", "atan", "one bit pattern", at(1.0), **BRAIN),
    Fault("expm1 at the smallest normal float", "expm1", "one bit pattern", at(TINY)),
    Fault("neg at the largest float", "neg", "one bit pattern", at(HUGE)),
    Fault("asin one float below 1", "asin", "one bit pattern", at(ONE_LESS)),
    Fault("relu6 one float below 6", "relu6", "one bit pattern", at(SIX_LESS), "registry:Relu6"),
    Fault("maximum at the tie (1, 1)", "maximum", "one bit pattern",
          changed(lambda tf, d, g, y, a, b: tf.where(tf.logical_and(tf.equal(a, 1), tf.equal(b, 1)), g, d)),
          note="both inputs get the whole cotangent"),
    Fault("multiply at (0, 0.75)", "multiply", "one bit pattern",
          changed(lambda tf, d, g, y, a, b: tf.where(tf.logical_and(tf.equal(a, 0), tf.equal(b, 0.75)), g, d), 0)),
    Fault("relu at the smallest normal float", "relu", "one bit pattern", at(FORMATS["float16"].smallest_normal), **HALF),
]  # fmt: skip
NONE = [
    Fault("sin is None", "sin", "None", without()),
    Fault("multiply: second input is None", "multiply", "None", without(1)),
    Fault("reduce_sum is None", "reduce_sum", "None", without()),
    Fault("tanh is None", "tanh", "None", without(), "registry:Tanh", **BRAIN),
]
NAN = [
    Fault("exp is NaN", "exp", "NaN", changed(nan)),
    Fault("sin is NaN at 0", "sin", "NaN", changed(lambda tf, d, g, y, x: d * (x / x)), **DOUBLE),
    Fault("sigmoid by exp(x) / (1 + exp(x))^2", "sigmoid", "NaN",
          formula(lambda tf, g, y, x: g * (tf.exp(x) / ((1 + tf.exp(x)) * (1 + tf.exp(x)))))),
    Fault("tanh by (e - 1/e) / (e + 1/e)", "tanh", "NaN",
          formula(lambda tf, g, y, x: g * (1 - tf.square((tf.exp(x) - tf.exp(-x)) / (tf.exp(x) + tf.exp(-x)))))),
    Fault("where leaks the other branch", "where", "NaN",
          formula(lambda tf, g, y, a, b: (g * (tf.cast(a > 0, g.dtype) * b + tf.cast(a <= 0, g.dtype) / b),
                                          g * (tf.cast(a > 0, g.dtype) * a - tf.cast(a <= 0, g.dtype) * a / (b * b))))),
]  # fmt: skip
NARROW = [
    Fault("tanh through float32", "tanh", "narrow dtype inside", through("float32"), **DOUBLE),
    Fault("erf through float32", "erf", "narrow dtype inside", through("float32"), **DOUBLE),
    Fault("matmul through float32", "matmul", "narrow dtype inside",
          changed(lambda tf, d, *_: tf.cast(tf.cast(d, "float32"), "float64")), **DOUBLE),
    Fault("log through float16", "log", "narrow dtype inside", through("float16")),
    Fault("sigmoid through bfloat16", "sigmoid", "narrow dtype inside", through("bfloat16"), "registry:Sigmoid"),
    Fault("log1p rounded to float32", "log1p", "narrow dtype inside",
          changed(lambda tf, d, *_: tf.cast(tf.cast(d, "float32"), "float64")), "registry:Log1p", **DOUBLE),
    Fault("atan through bfloat16", "atan", "narrow dtype inside", through("bfloat16"), **HALF),
]  # fmt: skip
BROADCAST = [
    Fault("broadcast_add: not summed", "broadcast_add", "broadcasting sum missing",
          formula(lambda tf, g, y, a, b: (g, g)), note="the cotangent has the wrong shape"),
    Fault("broadcast_add: first row only", "broadcast_add", "broadcasting sum missing",
          formula(lambda tf, g, y, a, b: (g, g[0]))),
    Fault("broadcast_multiply: mean for sum", "broadcast_multiply", "broadcasting sum missing", scaled(0.5, 1)),
    Fault("broadcast_multiply: sum before product", "broadcast_multiply", "broadcasting sum missing",
          formula(lambda tf, g, y, a, b: (g * b, tf.reduce_sum(g, axis=0) * a[0])), **DOUBLE),
    Fault("broadcast_divide: one of two sums", "broadcast_divide", "broadcasting sum missing",
          formula(lambda tf, g, y, a, b: ((g / b)[:, :1], tf.reduce_sum(-g * a / (b * b), axis=0)))),
]  # fmt: skip
SECOND = [
    Fault("sin'' negated", "sin", "second order only", then(lambda tf, u: -u), order=2),
    Fault("exp'' times 1 + 1e-5", "exp", "second order only", then(lambda tf, u: u * (1 + 1e-5)), order=2),
    Fault("exp'' times 1 + 1e-13", "exp", "second order only", then(lambda tf, u: u * (1 + 1e-13)), order=2, **DOUBLE),
    Fault("atan'' is None", "atan", "second order only", changed(lambda tf, d, *_: tf.stop_gradient(d)), order=2),
    Fault("multiply: mixed partial is 0", "multiply", "second order only", then(lambda tf, u: u * 0, 0), order=2),
    Fault("tanh'' without its factor 2", "tanh", "second order only", scaled(0.5, 0), "registry:TanhGrad", order=2),
    Fault("softplus'' negated", "softplus", "second order only", negated(1), "registry:SoftplusGrad", order=2, **DOUBLE),
    Fault("matmul: mixed partial doubled", "matmul", "second order only", then(lambda tf, u: u * 2, 1), order=2),
    Fault("sigmoid'' is NaN above 10", "sigmoid", "second order only",
          changed(lambda tf, d, g, y, x: tf.where(x > 10, tf.stop_gradient(d), d)), order=2, **DOUBLE),
    Fault("exp'' negated, forward over reverse", "exp", "second order only", then(lambda tf, u: -u),
          order=2, mode="forward_over_reverse"),
    Fault("square'' doubled, as a Jacobian", "square", "second order only", then(lambda tf, u: u * 2),
          order=2, mode="jacobian"),
]  # fmt: skip
ONE_MODE = [
    Fault("sinh in a graph", "sinh", "one mode only", only_if(in_graph, negated()), mode="function"),
    Fault("sinh around a tf.function", "sinh", "one mode only", only_if(in_graph, negated()), mode="around"),
    Fault("exp in a graph, times 1 + 1e-5", "exp", "one mode only", only_if(in_graph, scaled(1 + 1e-5)), mode="function"),
    Fault("sin under XLA", "sin", "one mode only", only_if(in_xla, scaled(1.001)), mode="xla"),
    Fault("multiply under XLA", "multiply", "one mode only", only_if(in_xla, swapped), mode="xla", **DOUBLE),
    Fault("reduce_mean by the static size", "reduce_mean", "one mode only", formula(static_count), mode="unknown_shape"),
    Fault("reduce_mean by the static size, no rank", "reduce_mean", "one mode only", formula(static_count),
          mode="unknown_rank"),
    Fault("sqrt as a Jacobian", "sqrt", "one mode only", scaled(1.5), "pfor:SqrtGrad", mode="jacobian"),
    Fault("rsqrt as a batch Jacobian", "rsqrt", "one mode only", negated(), "pfor:RsqrtGrad", mode="batch_jacobian"),
    Fault("atan in forward mode", "atan", "one mode only", scaled(1 + 1e-5), "forward rule:Atan", mode="forward"),
    Fault("cosh in forward mode", "cosh", "one mode only", only_if(in_forward_rule, negated()), "registry:Cosh",
          mode="forward"),
]  # fmt: skip

FAULTS = {
    fault.name: fault
    for kind in (
        SIGN, FACTOR, DROPPED, SWAPPED, IGNORED, REGION, BIT, NONE, NAN, NARROW, BROADCAST, SECOND, ONE_MODE
    )
    for fault in kind
}  # fmt: skip
KINDS = tuple(dict.fromkeys(fault.kind for fault in FAULTS.values()))


# -- planting -----------------------------------------------------------------------------------------------


def wrapped(op: Op, name: str, wrong: Wrong) -> Op:
    """The row under another name, its TensorFlow call with a gradient of its own."""

    def call(tf: Any, *given: Any) -> Any:
        @tf.custom_gradient
        def faulty(*x: Any) -> Any:
            y = op.tf(tf, *x)
            return y, lambda g: wrong(tf, textbook(op, tf), g, y, *x)

        return faulty(*(tf.convert_to_tensor(x) for x in given))

    return op._replace(name=name, tf=call)


def innocent(op: str) -> str:
    """What the right formula under the same wrapping is called."""
    return f"{op} by its textbook formula"


def row(fault: Fault) -> Op:
    """The fault's row of the catalogue; where a registry holds the fault, the op is called as it is."""
    op = HONEST[fault.op]
    return op._replace(name=fault.name) if fault.planted else wrapped(op, fault.name, fault.wrong)


OPS: dict[str, Op] = {
    **HONEST,
    **{innocent(f.op): wrapped(HONEST[f.op], innocent(f.op), right_one) for f in FAULTS.values() if not f.planted},
    **{fault.name: row(fault) for fault in FAULTS.values()},
}


def planted_gradient(tf: Any, fault: Fault, honest: Callable[..., Any]) -> Callable[..., Any]:
    """An entry for the registry of gradients."""

    def gradient(op: Any, g: Any) -> Any:
        return fault.wrong(tf, lambda g, y, *x: listed(honest(op, g)), g, op.outputs[0], *op.inputs)

    return gradient


def planted_rule(tf: Any, fault: Fault) -> Callable[..., Any]:
    """An entry for the registry of forward rules: an elementwise op's JVP looks like its VJP."""
    right = textbook(HONEST[fault.op], tf)
    return lambda attrs, inputs, outputs, tangents: fault.wrong(tf, right, tangents[0], outputs[0], *inputs)


def planted_converter(tf: Any, fault: Fault, honest: Callable[..., Any]) -> Callable[..., Any]:
    """An entry for the registry of `pfor` converters, which turn a loop's kernels into batched ones."""

    def convert(pfor_input: Any) -> Any:
        out = honest(pfor_input)
        (t,) = fault.wrong(tf, lambda *_: [out.t], out.t, out.t)
        return out._replace(t=t)

    return convert


def plant(tf: Any) -> None:
    """Plant every fault that lives in a registry of TensorFlow's."""
    private = lambda name: importlib.import_module("tensorflow.python." + name)  # noqa: E731
    gradients = private("framework.ops").gradient_registry._registry
    rules = private("eager.forwardprop")._SPECIAL_CASES
    converters = private("ops.parallel_for.pfor")._pfor_converter_registry
    for fault in FAULTS.values():
        if fault.registry == "registry":
            entry = gradients[fault.kernel]
            entry["type"] = planted_gradient(tf, fault, entry["type"])
        elif fault.registry == "forward rule":
            rules[fault.kernel] = planted_rule(tf, fault)
        elif fault.registry == "pfor":
            converters[fault.kernel] = planted_converter(tf, fault, converters[fault.kernel])
