"""Planted: functions whose derivatives are missing, each in its own way, for the catalogue of bent functions."""

import importlib
from collections.abc import Callable
from typing import Any

from reference.catalogue import OPS as HONEST
from reference.op import Op
from tests.own import bent

KERNEL = "Cosh"  # whose forward rule raises


def softsign_grad(sp: Any, x: Any) -> Any:
    """What SoftsignGrad computes of (x, x)."""
    return x / (1 + sp.Abs(x)) ** 2


def twice(tf: Any, change: Callable[[Any], Any], x: Any) -> Any:
    """x^3 with a first derivative that is right, and a second one that is changed."""
    slope = tf.custom_gradient(lambda x: (3 * x * x, lambda u: change(6 * u * x)))
    return tf.custom_gradient(lambda x: (x * x * x, lambda g: g * slope(x)))(x)


def raising(error: type[Exception]) -> Callable[[Any], Any]:
    """What raises instead of answering."""

    def change(d: Any) -> Any:
        raise error("planted")

    return change


CUBE = HONEST["cube"]
ALL = (
    HONEST["softsign"]._replace(
        name="a kernel without gradient",
        primal=softsign_grad,
        tf=lambda tf, x: tf.raw_ops.SoftsignGrad(gradients=x, features=x),
    ),
    bent(CUBE, "gradient None", lambda tf, d, x, g: None),
    bent(CUBE, "gradient zero", lambda tf, d, x, g: tf.zeros_like(x)),
    CUBE._replace(name="second None", tf=lambda tf, x: twice(tf, lambda d: None, x)),
    CUBE._replace(name="second zero", tf=lambda tf, x: twice(tf, lambda d: 0 * d, x)),
    CUBE._replace(name="second unregistered", tf=lambda tf, x: twice(tf, raising(LookupError), x)),
    CUBE._replace(name="second raises", tf=lambda tf, x: twice(tf, raising(ValueError), x)),
    CUBE._replace(name="second right", tf=lambda tf, x: twice(tf, lambda d: d, x)),
    HONEST["cosh"]._replace(name="a forward rule that raises"),
)
PLANTED: dict[str, Op] = {op.name: op for op in ALL}


def plant(tf: Any) -> None:
    """Give one kernel a forward rule that raises."""
    rules = importlib.import_module("tensorflow.python.eager.forwardprop")._SPECIAL_CASES

    def rule(attrs: Any, inputs: Any, outputs: Any, tangents: Any) -> Any:
        raise NotImplementedError("planted: no forward rule")

    rules[KERNEL] = rule
