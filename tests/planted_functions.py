"""Functions and spellings that are not TensorFlow's: what the inventory and its spellings have to notice.

Probe(module="reference.walk", plant="tests.planted_functions:plant")   new functions in public namespaces
Probe(catalogue="tests.planted_functions")                              spellings of tanh, three of them wrong
"""

from functools import partial
from typing import Any

from reference.catalogue import OPS as ROWS
from reference.catalogue.spellings import OPS as SPELLINGS
from reference.catalogue.spellings import kept, spelt

#: What is planted, and what the inventory has to say of it.
PLANTED = {
    "tf.math.planted_cube": "tf.math.planted_cube (elementwise) has neither a row nor a reason",
    "tf.nn.planted_sums": "tf.nn.planted_sums (array) has neither a row nor a reason",
    "tf.keras.ops.planted_step": "tf.keras.ops.planted_step (gradient none) has neither a row nor a reason",
    "tf.planted_words": "tf.planted_words cannot be called, and nothing says why: TypeError: only words, please",
}


def plant(tf: Any) -> None:
    """Put the functions into TensorFlow."""

    def words_only(x: Any) -> Any:
        raise TypeError("only words, please")

    tf.math.planted_cube = lambda x: x * x * x
    tf.nn.planted_sums = lambda x: tf.cumsum(x, axis=-1) * x
    tf.keras.ops.planted_step = lambda x: tf.floor(10.0 * x)
    tf.planted_words = words_only


def bent(tf: Any, x: Any, factor: float = 1.0, dtype: str = "", error: str = "") -> Any:
    """Another tanh, whose gradient is too large by a factor, or which answers in another dtype or with an error."""
    if error:
        raise ValueError(error)

    @tf.custom_gradient
    def tanh(x: Any) -> Any:
        y = tf.tanh(x)
        return y, lambda g: factor * (g - g * y * y)

    return kept(tf.cast(tanh(x), dtype or x.dtype), x)


#: Spellings of tanh by name: the last of them is right, with other kernels than tanh's own.
BENT = {
    "planted.factor": partial(bent, factor=1.00001),
    "planted.dtype": partial(bent, dtype="float64"),
    "planted.error": partial(bent, error="no tanh here"),
    "planted.honest": bent,
}

OPS = dict(SPELLINGS)
OPS.update((spelt("tanh", name), ROWS["tanh"]._replace(name=spelt("tanh", name), tf=tf)) for name, tf in BENT.items())
