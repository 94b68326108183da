"""Plants for the documented programs: a TensorFlow whose mean forgets 1/n in its gradient, and other faults."""

from typing import Any


def forgets_the_mean(tf: Any) -> None:
    """`tf.reduce_mean` with the gradient of a sum."""
    mean = tf.reduce_mean

    def forgetful(x: Any) -> Any:
        @tf.custom_gradient
        def taken(x: Any) -> Any:
            return mean(x), lambda g: g * tf.ones_like(x)

        return taken(x)

    tf.reduce_mean = forgetful


def means_wrongly(tf: Any) -> None:
    """`tf.reduce_mean` that is one in a hundred thousand too large."""
    mean = tf.reduce_mean
    tf.reduce_mean = lambda x: mean(x) * (1 + 1e-5)
