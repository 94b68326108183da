"""Planted: gradients that let a bad element into its neighbours'. Each is right to the last digit among good ones.

They leak in blocks as short as `tests/neighbours.py` asks, as a kernel's path for short vectors would.
"""

from collections.abc import Callable
from typing import Any

from reference.catalogue import OPS as HONEST
from tests.neighbours import LENGTHS
from tests.own import Bend, bent

Leak = Callable[..., Any]  # (tf, d, x) -> d again, as long as all of x is good


def by_sum(tf: Any, d: Any, x: Any) -> Any:
    """Adds zero times the sum."""
    return d + 0 * tf.reduce_sum(x)


def by_maximum(tf: Any, d: Any, x: Any) -> Any:
    """Divides by the largest element, and multiplies by it again."""
    largest = tf.reduce_max(tf.abs(x))
    return d / largest * largest


def in_lane_three(tf: Any, d: Any, x: Any) -> Any:
    """Lane 3 of every packet of eight adds zero times the sum."""
    return d + tf.where([k % 8 == 3 for k in range(len(x))], 0 * tf.reduce_sum(x), 0.0)


def in_remainder(tf: Any, d: Any, x: Any) -> Any:
    """What remains behind the last packet of eight adds zero times the sum."""
    return d + tf.where([k >= len(x) // 8 * 8 for k in range(len(x))], 0 * tf.reduce_sum(x), 0.0)


def all_or_nothing(tf: Any, d: Any, x: Any) -> Any:
    """One NaN makes all of them NaN."""
    return tf.where(tf.reduce_all(tf.equal(x, x)), d, d * float("nan"))


def in_largest(tf: Any, d: Any, x: Any) -> Any:
    """Saturates all together: a cotangent is cut off as soon as any element is huge."""
    return tf.where(tf.reduce_max(tf.abs(x)) < 1e4, d, d * 0)


def innocent(tf: Any, d: Any, x: Any) -> Any:
    """No fault: zero times the element itself."""
    return d + 0 * x


def in_short(leak: Leak) -> Bend:
    """The leak, in arrays and in blocks that are no longer than those asked."""
    return lambda tf, d, x, g: leak(tf, d, x) if x.shape.rank > 1 or x.shape[0] <= LENGTHS[-1] else d


def named(op: str, leak: Leak) -> str:
    """What the row with this leak is called."""
    return f"{op}: {leak.__doc__}"


LANES = (in_lane_three, in_remainder)  # of vectors only
LEAKS = [("sin", leak) for leak in (by_sum, by_maximum, all_or_nothing, in_largest, *LANES)]
LEAKS += [("softmax", leak) for leak in (by_sum, all_or_nothing)]
INNOCENT = [("sin", innocent), ("softmax", innocent)]
PLANTED = {named(op, leak): bent(HONEST[op], named(op, leak), in_short(leak)) for op, leak in LEAKS + INNOCENT}
