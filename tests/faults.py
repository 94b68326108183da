"""Planted gradient faults, as a table: what the suite must catch, and where each one is planted.

Most are planted by `tf.custom_gradient` around the op's own call, with a gradient that starts from the
row's textbook formula and then errs. Others replace an entry of TensorFlow's own registries: of gradients,
of forward rules, of `pfor` converters (`tests/planting.py`).
"""

from typing import Any, NamedTuple

from reference.ulp import FORMATS, next_down
from tests.wrong import (
    Wrong,
    at,
    changed,
    formula,
    ignoring_g,
    in_forward_rule,
    in_graph,
    in_xla,
    minus_zero,
    nan,
    negated,
    only_if,
    rounded_to,
    scaled,
    shaped,
    static_count,
    swapped,
    then,
    through,
    where,
    without,
)  # fmt: skip


class Fault(NamedTuple):
    """One way to be wrong: on which op, in whose registry, and in which question it has to show."""

    name: str
    op: str
    wrong: Wrong
    planted: str = ""  # "registry:KERNEL", "forward rule:KERNEL" or "pfor:KERNEL"; empty: tf.custom_gradient
    dtype: str = "float32"
    order: int = 1
    mode: str = ""  # empty: the plain one of this order
    note: str = ""
    kind: str = ""  # given by its place in the table

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


TINY = FORMATS["float32"].smallest_normal
HUGE = FORMATS["float32"].largest
ONE_LESS = next_down(1.0, "float32")
SIX_LESS = next_down(6.0, "float32")
HALF, BRAIN, DOUBLE = {"dtype": "float16"}, {"dtype": "bfloat16"}, {"dtype": "float64"}


def column(tf: Any, g: Any) -> Any:
    return tf.expand_dims(g, 1)


def product(tf: Any, a: Any, b: Any, **transposed: bool) -> Any:
    return tf.linalg.matmul(a, b, **transposed)


KINDS = {
    "sign": [
        Fault("sin negated", "sin", negated()),
        Fault("cos not negated", "cos", negated(), "registry:Cos", **DOUBLE),
        Fault("softsign negated", "softsign", negated(), **BRAIN),
        Fault("erfc not negated", "erfc", negated(), "registry:Erfc", **HALF),
        Fault("squared_difference: both the same sign", "squared_difference", negated(1), **DOUBLE),
        Fault("subtract: second input not negated", "subtract", negated(1), **HALF),
        Fault("matmul: second input negated", "matmul", negated(1), "registry:MatMul"),
        Fault("log_softmax negated", "log_softmax", negated()),
    ],
    "factor": [
        Fault("exp times 1 + 1e-5", "exp", scaled(1 + 1e-5)),
        Fault("squared error without its factor 2", "mean_squared_error", scaled(0.5)),
        Fault("softplus times 1 + 1e-5", "softplus", scaled(1 + 1e-5)),
        Fault("multiply: first input times 1 + 1e-5", "multiply", scaled(1 + 1e-5, 0)),
        Fault("reduce_mean times 1 + 1e-5", "reduce_mean", scaled(1 + 1e-5)),
        Fault("softsign times 1 + 1e-6", "softsign", scaled(1 + 1e-6), note="8 ULP"),
        Fault("exp times 1 + 1e-13", "exp", scaled(1 + 1e-13), **DOUBLE),
        Fault("matmul times 1 + 1e-13", "matmul", scaled(1 + 1e-13, 0), **DOUBLE),
        Fault("erf times 1 + 1e-13", "erf", scaled(1 + 1e-13), **DOUBLE),
        Fault("log1p times 1 + 1e-14", "log1p", scaled(1 + 1e-14), **DOUBLE),
        Fault("tanh times 1 + 1e-14", "tanh", scaled(1 + 1e-14), **DOUBLE, note="1 - y*y cancels"),
        Fault("reciprocal times 1 + 1e-13", "reciprocal", scaled(1 + 1e-13), "registry:Reciprocal",
              **DOUBLE),
        Fault("square times 1 + 1e-15", "square", scaled(1 + 1e-15), **DOUBLE, note="5 ULP"),
        Fault("sinh times 1 + 2^-10", "sinh", scaled(1 + 2.0**-10), **HALF, note="1 ULP"),
        Fault("atan times 1 + 2^-7", "atan", scaled(1 + 2.0**-7), **BRAIN, note="1 ULP"),
    ],
    "dropped term": [
        Fault("maximum: a tie gives to both", "maximum",
              changed(lambda tf, d, g, y, a, b: tf.where(tf.equal(a, b), g, d))),
        Fault("cross entropy without its label", "sigmoid_cross_entropy",
              formula(lambda tf, g, y, a, b: (g / (1 + tf.exp(-a)), -g * a))),
        Fault("sigmoid without -y*y", "sigmoid", formula(lambda tf, g, y, x: g * y)),
        Fault("tan without the 1", "tan", formula(lambda tf, g, y, x: g * y * y), **DOUBLE),
        Fault("expm1 without the 1", "expm1", changed(lambda tf, d, g, *_: d - g), "registry:Expm1"),
        Fault("log1p without the 1", "log1p", formula(lambda tf, g, y, x: g / x), **HALF),
        Fault("softmax without the sum", "softmax", formula(lambda tf, g, y, x: y * g)),
        Fault("log_softmax without the sum", "log_softmax", formula(lambda tf, g, y, x: g), **DOUBLE),
        Fault("asinh without the 1 under the root", "asinh", formula(lambda tf, g, y, x: g / tf.abs(x))),
    ],
    "swapped arguments": [
        Fault("multiply swapped", "multiply", swapped),
        Fault("cross entropy swapped", "sigmoid_cross_entropy", swapped, **DOUBLE),
        Fault("matvec with a transposed product", "matvec",
              formula(lambda tf, g, y, a, b: (column(tf, g) * b[::-1], tf.linalg.matvec(a, g, True)))),
        Fault("subtract swapped", "subtract", swapped, "registry:Sub", **BRAIN),
        Fault("maximum swapped", "maximum", swapped),
        Fault("minimum swapped", "minimum", swapped, **HALF),
        Fault("squared_difference swapped", "squared_difference", swapped),
        Fault("einsum with a for b", "einsum",
              formula(lambda tf, g, y, a, b: (product(tf, g, a), product(tf, g, b, transpose_a=True)))),
    ],
    "cotangent ignored": [
        Fault("sin without cotangent", "sin", ignoring_g, "registry:Sin"),
        Fault("relu without cotangent", "relu", ignoring_g, **HALF),
        Fault("multiply: one input without cotangent", "multiply",
              formula(lambda tf, g, y, a, b: (g * b, a)), **BRAIN),
        Fault("reduce_sum without cotangent", "reduce_sum", ignoring_g),
        Fault("matmul without cotangent", "matmul", ignoring_g, **DOUBLE),
        Fault("erfc without cotangent", "erfc", ignoring_g, **DOUBLE),
        Fault("exp with the cotangent's size only", "exp", changed(lambda tf, d, *_: tf.abs(d))),
    ],
    "wrong only in a region": [
        Fault("exp: the other infinity", "exp", where(lambda tf, x: x > 100, lambda d: -d)),
        Fault("exp above 10", "exp", where(lambda tf, x: x > 10, lambda d: d * 1.0001)),
        Fault("atan in the tail", "atan", where(lambda tf, x: tf.abs(x) > 1000, lambda d: d * 1.01),
              **DOUBLE),
        Fault("sigmoid below -20 flushed to 0", "sigmoid", where(lambda tf, x: x < -20, lambda d: d * 0)),
        Fault("softplus saturates at 20", "softplus",
              changed(lambda tf, d, g, y, x: tf.where(x > 20, g, d)), **DOUBLE,
              note="wrong by 2e-9 and less"),
        Fault("erf beyond 3 is 0", "erf", where(lambda tf, x: tf.abs(x) > 3, lambda d: d * 0), **DOUBLE),
        Fault("elu below -5 is 0", "elu", where(lambda tf, x: x < -5, lambda d: d * 0)),
        Fault("leaky_relu with another slope far out", "leaky_relu",
              where(lambda tf, x: x < -100, lambda d: d * 2), **BRAIN),
        Fault("minimum in one quadrant", "minimum",
              where(lambda tf, a, b: tf.logical_and(a < -1, b < -1), lambda d: d * 2)),
        Fault("log near 0", "log", where(lambda tf, x: x < 1e-4, lambda d: d * (1 + 1e-5)), "registry:Log",
              **DOUBLE),
        Fault("sqrt above 1e30", "sqrt", where(lambda tf, x: x > 1e30, lambda d: d * (1 + 1e-12)),
              **DOUBLE),
    ],
    "one bit pattern": [
        Fault("exp at 0", "exp", at(0.0)),
        Fault("sin at -0", "sin", where(minus_zero, lambda d: d * 2)),
        Fault("atan at 1", "atan", at(1.0), **BRAIN),
        Fault("expm1 at the smallest normal float", "expm1", at(TINY)),
        Fault("neg at the largest float", "neg", at(HUGE)),
        Fault("asin one float below 1", "asin", at(ONE_LESS)),
        Fault("relu6 one float below 6", "relu6", at(SIX_LESS)),
        Fault("maximum at the tie (1, 1)", "maximum", at(1.0, 1.0), note="half too much"),
        Fault("multiply at (0, 0.75)", "multiply",
              at(0.0, 0.75, change=lambda d: d - 1)),
        Fault("relu at the smallest normal float", "relu", at(FORMATS["float16"].smallest_normal), **HALF),
    ],
    "None": [
        Fault("sin is None", "sin", without()),
        Fault("multiply: second input is None", "multiply", without(1)),
        Fault("reduce_sum is None", "reduce_sum", without()),
        Fault("tanh is None", "tanh", without(), "registry:Tanh", **BRAIN),
    ],
    "NaN": [
        Fault("exp is NaN", "exp", changed(nan)),
        Fault("sin is NaN at 0", "sin", changed(lambda tf, d, g, y, x: d * (x / x)), **DOUBLE),
        Fault("sigmoid by exp(x) / (1 + exp(x))^2", "sigmoid",
              formula(lambda tf, g, y, x: g * (tf.exp(x) / ((1 + tf.exp(x)) * (1 + tf.exp(x)))))),
        Fault("tanh by sinh / cosh", "tanh",
              formula(lambda tf, g, y, x: g * (1 - (tf.sinh(x) / tf.cosh(x)) ** 2))),
        Fault("elu: the branch not taken leaks", "elu",
              formula(lambda tf, g, y, x: g * (1 + tf.sign(x) + (1 - tf.sign(x)) * tf.exp(x)) / 2)),
        Fault("relu by (1 + x / |x|) / 2", "relu",
              formula(lambda tf, g, y, x: g * (1 + x / tf.abs(x)) / 2)),
    ],
    "narrow dtype inside": [
        Fault("sin with its cotangent in float32", "sin",
              formula(lambda tf, g, y, x: tf.cast(tf.cast(g, "float32"), "float64") * tf.cos(x)), **DOUBLE),
        Fault("matmul through float32", "matmul", rounded_to("float32"), **DOUBLE),
        Fault("tanh through float32", "tanh", through("float32"), **DOUBLE),
        Fault("erf through float32", "erf", through("float32"), **DOUBLE),
        Fault("softmax through float32", "softmax", through("float32"), **DOUBLE),
        Fault("sin through float16", "sin", through("float16")),
        Fault("sigmoid through bfloat16", "sigmoid", through("bfloat16")),
        Fault("log1p rounded to float32", "log1p", rounded_to("float32"), "registry:Log1p", **DOUBLE),
        Fault("atan through bfloat16", "atan", through("bfloat16"), **HALF),
    ],
    "broadcasting sum missing": [
        Fault("broadcast_add: not summed", "broadcast_add", formula(lambda tf, g, y, a, b: (g, g)),
              note="the cotangent has the wrong shape"),
        Fault("broadcast_add: first row only", "broadcast_add", formula(lambda tf, g, y, a, b: (g, g[0]))),
        Fault("broadcast_add: half the sum", "broadcast_add", scaled(0.5, 1), "registry:AddV2", **DOUBLE),
        Fault("broadcast_multiply: mean for sum", "broadcast_multiply", scaled(0.5, 1)),
        Fault("broadcast_multiply: sum before product", "broadcast_multiply",
              formula(lambda tf, g, y, a, b: (g * b, tf.reduce_sum(g, axis=0) * a[0])), **DOUBLE),
        Fault("broadcast_divide: one of two sums", "broadcast_divide",
              formula(lambda tf, g, y, a, b: ((g / b)[:, :1], tf.reduce_sum(-g * a / (b * b), axis=0)))),
    ],
    "wrong shape": [
        Fault("atan as a column", "atan", shaped(lambda tf, d: tf.reshape(d, [-1, 1])), "registry:Atan"),
        Fault("square as a diagonal matrix", "square", shaped(lambda tf, d: tf.linalg.diag(d)), "registry:Square",
              **DOUBLE),
        Fault("softmax flattened", "softmax", shaped(lambda tf, d: tf.reshape(d, [-1])), "registry:Softmax"),
        Fault("sinh with its last point missing", "sinh", shaped(lambda tf, d: d[:-1]), "registry:Sinh"),
    ],
    "second order only": [
        Fault("sin'' negated", "sin", then(lambda tf, u: -u), order=2),
        Fault("exp'' times 1 + 1e-5", "exp", then(lambda tf, u: u * (1 + 1e-5)), order=2),
        Fault("exp'' times 1 + 1e-13", "exp", then(lambda tf, u: u * (1 + 1e-13)), order=2, **DOUBLE),
        Fault("cos'' is None", "cos", changed(lambda tf, d, *_: tf.stop_gradient(d)), order=2),
        Fault("multiply: mixed partial is 0", "multiply", then(lambda tf, u: u * 0, 0), order=2),
        Fault("tanh'' without its factor 2", "tanh", scaled(0.5, 0), "registry:TanhGrad", order=2),
        Fault("cosh'' negated", "cosh", then(lambda tf, u: -u), order=2, **DOUBLE),
        Fault("matmul: mixed partial doubled", "matmul", then(lambda tf, u: u * 2, 1), order=2),
        Fault("sigmoid'' is 0 above 10", "sigmoid",
              changed(lambda tf, d, g, y, x: tf.where(x > 10, tf.stop_gradient(d), d)), order=2, **DOUBLE),
        Fault("sqrt'' doubled, forward over reverse", "sqrt", scaled(2.0, 0), "registry:SqrtGrad", order=2,
              mode="forward_over_reverse"),
        Fault("sigmoid'' negated, reverse over forward", "sigmoid", negated(0), "registry:SigmoidGrad",
              order=2, mode="reverse_over_forward"),
        Fault("rsqrt'' doubled, forward over forward", "rsqrt", scaled(2.0, 0), "registry:RsqrtGrad",
              order=2, mode="forward_over_forward", **DOUBLE),
        Fault("square'' doubled, as a Jacobian", "square", then(lambda tf, u: u * 2), order=2,
              mode="jacobian"),
    ],
    "one mode only": [
        Fault("exp in a graph, times 1 + 2e-7", "exp", only_if(in_graph, scaled(1 + 2e-7)), mode="function"),
        Fault("sinh in a graph", "sinh", only_if(in_graph, negated()), mode="function"),
        Fault("sinh around a tf.function", "sinh", only_if(in_graph, negated()), mode="around"),
        Fault("exp in a graph, times 1 + 1e-5", "exp", only_if(in_graph, scaled(1 + 1e-5)),
              mode="function"),
        Fault("sin under XLA", "sin", only_if(in_xla, scaled(1.001)), mode="xla"),
        Fault("multiply under XLA", "multiply", only_if(in_xla, swapped), mode="xla", **DOUBLE),
        Fault("reduce_mean by the static size", "reduce_mean", formula(static_count),
              mode="unknown_shape"),
        Fault("reduce_mean by the static size, no rank", "reduce_mean", formula(static_count),
              mode="unknown_rank"),
        Fault("sqrt as a Jacobian", "sqrt", scaled(1.5), "pfor:SqrtGrad", mode="jacobian"),
        Fault("rsqrt as a batch Jacobian", "rsqrt", negated(), "pfor:RsqrtGrad", mode="batch_jacobian"),
        Fault("asin in forward mode", "asin", scaled(1 + 1e-5), "forward rule:Asin", mode="forward"),
        Fault("cosh in forward mode", "cosh", only_if(in_forward_rule, negated()), "registry:Cosh",
              mode="forward"),
    ],
}  # fmt: skip
FAULTS = {fault.name: fault._replace(kind=kind) for kind, rows in KINDS.items() for fault in rows}

#: What the suite does not see, each with its reason; a test says when that is no longer true.
BLIND = [
    Fault("sin under XLA, times 1 + 2e-7", "sin", only_if(in_xla, scaled(1 + 2e-7)), mode="xla",
          note="2 ULP: XLA has no trace, and the tape's allows as much", kind="one mode only"),
]  # fmt: skip
