"""What TensorFlow's own checker, `tf.test.compute_gradient`, says of each fault at its usual settings.

    python -m tests.finite_differences      one line of JSON: fault -> noticed, missed, or accuses both

Usual are its default step, 1/1024, a handful of normally distributed points, and tolerances of the size that
tests of TensorFlow's gradients take: 5e-3 in 16 bits, 1e-3 in float32, 1e-5 in float64. (With the 1e-6 of a bare
`assertAllClose`, as in the checker's own example, half of the honest functions here are accused.) The function
is given eagerly and as a tf.function; for a second-order fault the checker is handed the gradient.
"""

import json
import os
import sys
from collections.abc import Callable
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import numpy as np
import tensorflow as tf

from reference.op import Domain, Op
from tests.faults import Fault
from tests.planting import ALL, HONEST, OPS, plant

TOLERANCE = {"float16": 5e-3, "bfloat16": 5e-3, "float32": 1e-3, "float64": 1e-5}


def generic(domain: Domain, shape: tuple[int, ...], random: np.random.RandomState) -> np.ndarray:
    """Points without any plan, folded into the domain."""
    values = random.normal(size=shape)
    low, high = domain
    if np.isfinite(low) and np.isfinite(high):
        return low + (high - low) * (0.5 + 0.45 * np.tanh(values))
    return low + 0.1 + abs(values) if np.isfinite(low) else values


def inputs(op: Op, dtype: str) -> list[Any]:
    """Five points for each argument, or the arrays that an array row wants."""
    random = np.random.RandomState(0)
    shapes = op.shapes or ((5,),) * op.arity
    drawn = [generic(domain, shape, random) for domain, shape in zip(op.domain, shapes, strict=True)]
    return [tf.cast(tf.constant(values), dtype) for values in drawn]


def asked(op: Op, order: int) -> Callable[..., Any]:
    """The function that is checked: the op, or the gradient of its sum."""
    if order == 1:
        return lambda *x: op.tf(tf, *x)

    def gradients(*x: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = op.tf(tf, *x)
        return tf.concat([tf.reshape(g, [-1]) for g in tape.gradient(y, x)], 0)

    return gradients


def accused(op: Op, dtype: str, order: int) -> bool:
    """Whether the checker finds the gradient wrong, or cannot compute it."""
    f = asked(op, order)
    return any(off(g, inputs(op, dtype), TOLERANCE[dtype]) for g in (f, tf.function(f, autograph=False)))


def off(f: Callable[..., Any], xs: list[Any], tolerance: float) -> bool:
    try:
        analytic, numeric = tf.test.compute_gradient(f, xs)
    except Exception:  # whatever a fault makes TensorFlow raise has been noticed
        return True
    pairs = [[np.asarray(j, np.float64) for j in pair] for pair in zip(analytic, numeric, strict=True)]
    return not all(np.allclose(a, n, rtol=tolerance, atol=tolerance) for a, n in pairs)


def says(fault: Fault, innocent: bool) -> str:
    """The checker's word on a fault, given whether it accuses the honest function too."""
    if innocent:
        return "accuses both"
    return "noticed" if accused(OPS[fault.name], fault.dtype, fault.order) else "missed"


def main() -> int:
    """Ask of the honest functions and the custom gradients first, and then plant."""
    innocents = {f.name: accused(HONEST[f.op], f.dtype, f.order) for f in ALL}
    said = {f.name: says(f, innocents[f.name]) for f in ALL if not f.planted}
    plant(tf)
    said.update((f.name, says(f, innocents[f.name])) for f in ALL if f.planted)
    print(json.dumps(said))
    return 0


if __name__ == "__main__":
    sys.exit(main())
