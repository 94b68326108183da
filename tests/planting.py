"""Planting: the catalogue with every fault as a row of its own, and the faults in TensorFlow's registries.

Probe(catalogue="tests.planting")                                 what `tf.custom_gradient` plants
Probe(catalogue="tests.planting", plant="tests.planting:plant")   what the registries hold
"""

import importlib
import math
from collections.abc import Callable
from typing import Any

from reference.catalogue import OPS as HONEST
from reference.op import Op
from tests.faults import BLIND, FAULTS, Fault, column, product
from tests.wrong import Right, Wrong, listed, right_one


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


#: Array rows use methods that only NumPy's arrays have: here once more in TensorFlow's words.
ARRAYS: dict[str, Callable[..., Any]] = {
    "matmul": lambda tf, g, y, a, b: (
        product(tf, g, b, transpose_b=True),
        product(tf, a, g, transpose_a=True),
    ),
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


def textbook(op: Op, tf: Any) -> Right:
    """The row's textbook gradient, run by TensorFlow."""
    if op.name in ARRAYS:
        return lambda g, y, *x: listed(ARRAYS[op.name](tf, g, y, *x))
    return lambda g, y, *x: listed(op.vjp(NumPyByTensorFlow(tf, g.dtype), g, y, *x))


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


ALL = [*FAULTS.values(), *BLIND]
OPS: dict[str, Op] = {
    **HONEST,
    **{innocent(f.op): wrapped(HONEST[f.op], innocent(f.op), right_one) for f in ALL if not f.planted},
    **{fault.name: row(fault) for fault in ALL},
}


def planted_gradient(tf: Any, fault: Fault, honest: Callable[..., Any]) -> Callable[..., Any]:
    """An entry for the registry of gradients."""

    def gradient(op: Any, g: Any) -> Any:
        y = op.outputs[0] if op.outputs else None  # TensorFlow forgets what the honest gradient does not need
        return fault.wrong(tf, lambda g, y, *x: listed(honest(op, g)), g, y, *(op.inputs or ()))

    return gradient


def planted_rule(tf: Any, fault: Fault) -> Callable[..., Any]:
    """An entry for the registry of forward rules: an elementwise op's JVP looks like its VJP."""
    right = textbook(HONEST[fault.op], tf)
    return lambda attrs, inputs, outputs, tangents: fault.wrong(tf, right, tangents[0], outputs[0], *inputs)


def planted_converter(tf: Any, fault: Fault, honest: Callable[..., Any]) -> Callable[..., Any]:
    """An entry for the registry of `pfor` converters, which turn a loop's kernels into batched ones."""

    def convert(pfor_input: Any) -> Any:
        (out,) = listed(honest(pfor_input))
        (t,) = fault.wrong(tf, lambda *_: [out.t], out.t, out.t)
        return out._replace(t=t)

    return convert


def private(name: str) -> Any:
    """A module of TensorFlow that has no public name."""
    return importlib.import_module("tensorflow.python." + name)


def plant(tf: Any) -> None:
    """Plant every fault that lives in a registry of TensorFlow's."""
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
