"""Faults in TensorFlow's derivatives for the certified regressions: what a square's gradient may forget."""

from typing import Any


def without_two(tf: Any) -> None:
    """The square's gradient forgets its factor 2."""
    bend(tf, lambda x, g: g * x)


def one_residual(tf: Any) -> None:
    """The square's gradient is wrong by 1e-6 of itself, in the first observation only."""
    bend(tf, lambda x, g: 2.0 * g * x * (1.0 + 1e-6 * tf.one_hot(0, tf.size(x), dtype=x.dtype)))


def none(tf: Any) -> None:
    """The square has no gradient."""
    square = tf.square
    tf.square = lambda x: tf.stop_gradient(square(x))


def bend(tf: Any, slope: Any) -> None:
    """Put another gradient under TensorFlow's square."""
    square = tf.square

    @tf.custom_gradient
    def bent(x: Any) -> Any:
        return square(x), lambda g: slope(x, g)

    tf.square = bent
