"""A wrong optimizer, planted in Keras."""

from typing import Any


def square_the_rate(tf: Any) -> None:
    """SGD takes its learning rate squared."""
    step = tf.keras.optimizers.SGD.update_step
    tf.keras.optimizers.SGD.update_step = lambda self, g, x, rate: step(self, g, x, rate * rate)
