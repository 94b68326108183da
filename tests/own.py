"""A row's own gradient, as TensorFlow has it, under a custom gradient that may bend it."""

from collections.abc import Callable
from typing import Any

from reference.op import Op

Bend = Callable[..., Any]  # (tf, d, x, g) -> what stands for the cotangent d of the input x


def own_gradient(op: Op, tf: Any, g: Any, xs: Any) -> list[Any]:
    """What TensorFlow itself says."""
    with tf.GradientTape() as tape:
        tape.watch(xs)
        y = op.tf(tf, *xs)
    found = tape.gradient(y, xs, output_gradients=g)
    return [tf.convert_to_tensor(d) if isinstance(d, tf.IndexedSlices) else d for d in found]


def bent(op: Op, name: str, bend: Bend) -> Op:
    """The row under a name, each cotangent of its own gradient bent."""

    def call(tf: Any, *given: Any) -> Any:
        @tf.custom_gradient
        def faulty(*xs: Any) -> Any:
            def gradient(g: Any) -> list[Any]:
                return [bend(tf, d, x, g) for d, x in zip(own_gradient(op, tf, g, list(xs)), xs, strict=True)]

            return op.tf(tf, *xs), gradient

        return faulty(*(tf.convert_to_tensor(x) for x in given))

    return op._replace(name=name, tf=call)


def straight(tf: Any, d: Any, x: Any, g: Any) -> Any:
    """No fault: the same wrapping."""
    return d
