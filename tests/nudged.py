"""Gradients that are less accurate than they were, which no contract forbids and only the record can tell.

Probe(catalogue="tests.nudged", env={"NUDGED_BY": "3"}): the gradient of sin is so many ULP up in float32, and that of
exp comes from another exact formula, which rounds more often.
"""

import os
from collections.abc import Callable
from typing import Any

from reference.catalogue import OPS as HONEST


def by_ulp(tf: Any, x: Any) -> Any:
    """cos(x), some float32 above it."""
    return tf.bitcast(tf.bitcast(tf.cos(x), tf.int32) + int(os.environ.get("NUDGED_BY", "0")), tf.float32)


def by_formula(tf: Any, x: Any) -> Any:
    """exp(x) as a product of four."""
    quarter = tf.exp(x / 4)
    return quarter * quarter * quarter * quarter


def with_gradient(name: str, gradient: Callable[..., Any]) -> Any:
    """A row's call with a gradient of its own."""

    def call(tf: Any, x: Any) -> Any:
        @tf.custom_gradient
        def nudged(x: Any) -> Any:
            return HONEST[name].tf(tf, x), lambda g: g * gradient(tf, x)

        return nudged(x)

    return HONEST[name]._replace(tf=call)


OPS = {**HONEST, "sin": with_gradient("sin", by_ulp), "exp": with_gradient("exp", by_formula)}
