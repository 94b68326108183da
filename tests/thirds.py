"""Planted: sines whose first and second derivatives are right, for the catalogue of bent functions."""

from collections.abc import Callable
from typing import Any

from reference.catalogue import OPS as HONEST
from reference.op import Op

Bend = Callable[[Any], Any]  # the third derivative becomes this


def absent(d: Any) -> Any:
    """None instead of it."""
    return None


def unregistered(d: Any) -> Any:
    """As where no gradient is registered."""
    raise LookupError("no gradient defined for the third derivative")


def sine(name: str, bend: Bend) -> Op:
    """sin, its derivatives written down one by one, the third one bent."""

    def call(tf: Any, x: Any) -> Any:
        third = tf.custom_gradient(lambda x: (-tf.sin(x), lambda g: bend(-g * tf.cos(x))))
        second = tf.custom_gradient(lambda x: (tf.cos(x), lambda g: g * third(x)))
        return tf.custom_gradient(lambda x: (tf.sin(x), lambda g: g * second(x)))(x)

    return HONEST["sin"]._replace(name=name, tf=call)


BENDS: dict[str, tuple[Bend, str]] = {  # and the verdict that is due
    "sin by hand": (lambda d: d, "right"),
    "sin''' times 1 + 1e-5": (lambda d: d * (1 + 1e-5), "wrong"),
    "sin''' is None": (absent, "missing"),
    "sin''' raises": (unregistered, "raised"),
}
PLANTED = {name: sine(name, bend) for name, (bend, _) in BENDS.items()}
