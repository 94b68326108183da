"""Planted faults at complex arguments: each takes the place of an honest row, under its name.

Probe(catalogue="tests.complex_faults")
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from reference.catalogue.complexes import TABLE, ComplexOp

Gradient = Callable[..., Any]  # (tf, g, y, *z) -> one cotangent, or a tuple of them


class Fault(NamedTuple):
    """One way to be wrong, and the dtype and order in which it has to show."""

    op: str
    what: str
    gradient: Gradient
    dtype: str = "complex64"
    order: int = 1
    innocent: bool = False


def to_narrow(tf: Any, d: Any, part: str) -> Any:
    """Both parts rounded to a narrower float and cast back."""
    wide = tf.math.real(d).dtype
    return tf.complex(*(tf.cast(tf.cast(p, part), wide) for p in (tf.math.real(d), tf.math.imag(d))))


def second_order_without_conjugate(tf: Any, g: Any, y: Any, z: Any) -> Any:
    """The right gradient, whose own gradient by z has no conjugate."""

    @tf.custom_gradient
    def right(g: Any, z: Any) -> Any:
        return g * tf.math.conj(3 * z * z), lambda u: (u * 3 * z * z, u * g * 6 * z)

    return right(g, z)


def where_lower(tf: Any, z: Any, d: Any, other: Any) -> Any:
    return tf.where(tf.math.imag(z) < 0, other, d)


def below(tf: Any, z: Any) -> Any:
    """In the lower half plane beside the cuts of the inverse sine."""
    return (tf.math.imag(z) < 0) & (tf.abs(tf.math.real(z)) > 1)


FAULTS = (
    Fault("exp", "nothing: the right formula in the same wrapping", lambda tf, g, y, z: g * tf.math.conj(y),
          innocent=True),
    Fault("sin", "no conjugate", lambda tf, g, y, z: g * tf.math.cos(z)),
    Fault("cos", "the cotangent's conjugate instead of the derivative's",
          lambda tf, g, y, z: -tf.math.conj(g) * tf.math.sin(z)),
    Fault("sinh", "both conjugates", lambda tf, g, y, z: tf.math.conj(g * tf.math.cosh(z))),
    Fault("sqrt", "the other branch in the lower half plane",
          lambda tf, g, y, z: g * 0.5 / tf.math.conj(where_lower(tf, z, y, -y))),
    Fault("asin", "the sheet above the cut continued below it", lambda tf, g, y, z: g / tf.math.conj(
        tf.sqrt(1 - z * z) * tf.cast(tf.where(below(tf, z), -1.0, 1.0), z.dtype))),
    Fault("tanh", "the real part only",
          lambda tf, g, y, z: tf.cast(tf.math.real(g * tf.math.conj(1 - y * y)), g.dtype)),
    Fault("square", "through half precision", lambda tf, g, y, z: to_narrow(tf, g * tf.math.conj(2 * z), "float16")),
    Fault("log", "through complex64", lambda tf, g, y, z: to_narrow(tf, g / tf.math.conj(z), "float32"), "complex128"),
    Fault("atan", "times 1 + 1e-13", lambda tf, g, y, z: g / tf.math.conj(1 + z * z) * (1 + 1e-13), "complex128"),
    Fault("acosh", "times 1 + 1e-13 i",
          lambda tf, g, y, z: g / tf.math.conj(tf.sinh(y)) * (1 + 1e-13j), "complex128"),
    Fault("cosh", "wrong in one quadrant", lambda tf, g, y, z: g * tf.math.conj(tf.sinh(z)) * tf.cast(
        tf.where((tf.math.imag(z) < 0) & (tf.math.real(z) < 0), 1.5, 1.0), g.dtype)),
    Fault("tan", "no cotangent", lambda tf, g, y, z: tf.math.conj(1 + y * y)),
    Fault("log1p", "wrong at one point", lambda tf, g, y, z: g / tf.math.conj(1 + z) * tf.cast(
        tf.where(z == 0.75 + 1.25j, 1.5, 1.0), g.dtype)),
    Fault("abs", "along the conjugate", lambda tf, g, y, z: tf.complex(g / y, 0 * g) * tf.math.conj(z)),
    Fault("conj", "the cotangent as it came", lambda tf, g, y, z: g),
    Fault("angle", "divided by z, not by its conjugate", lambda tf, g, y, z: tf.complex(0 * g, g) / z),
    Fault("imag", "times -i", lambda tf, g, y, z: tf.complex(0 * g, -g)),
    Fault("multiply", "one conjugate of two", lambda tf, g, y, a, b: (g * tf.math.conj(b), g * a)),
    Fault("polyval", "its constant not conjugated", lambda tf, g, y, z: g * (2 * tf.math.conj(z) + 2j)),
    Fault("reciprocal", "no derivative at all", lambda tf, g, y, z: None),
    Fault("cube", "no conjugate, second order only", second_order_without_conjugate, order=2),
)  # fmt: skip


def planted(fault: Fault) -> ComplexOp:
    """The honest row with another gradient."""
    honest = TABLE[fault.op]

    def call(tf: Any, *given: Any) -> Any:
        @tf.custom_gradient
        def faulty(*z: Any) -> Any:
            y = honest.tf(tf, *z)
            return y, lambda g: fault.gradient(tf, g, y, *z)

        return faulty(*given)

    return honest._replace(tf=call)


OPS = {TABLE[fault.op].asked_as: planted(fault) for fault in FAULTS}
