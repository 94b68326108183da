"""Planted: every row of the catalogue once more, its own gradient off by a hair, for the catalogue of bent functions.

Of two rows for each, one is wrong and one is wrapped alike and right. Where a derivative is zero everywhere, so that
no factor shows, the same hair is added.
"""

from typing import Any

from reference.catalogue import OPS as HONEST
from reference.limits import anywhere
from reference.limits.missing import MISSING
from reference.op import Op
from tests.own import bent, straight
from tests.planting import wrapped

HAIR = 2.0**-30


def factor(tf: Any, d: Any, x: Any, g: Any) -> Any:
    """The gradient times one and a hair; a hair where TensorFlow says None."""
    return tf.fill(tf.shape(x), tf.cast(HAIR, x.dtype)) if d is None else d * (1 + HAIR)


def addition(tf: Any, d: Any, x: Any, g: Any) -> Any:
    """The gradient and a hair."""
    return HAIR + (tf.zeros_like(x) if d is None else d)


def wrong_name(op: str) -> str:
    """What the row with the fault is called."""
    return f"{op} times 1 + 2^-30"


def added_name(op: str) -> str:
    """What the row with the other fault is called."""
    return f"{op} plus 2^-30"


def right_name(op: str) -> str:
    """What the row in the same wrapping without a fault is called."""
    return f"{op} as it is"


def planted(op: Op) -> dict[str, Op]:
    """The row bent in each way."""
    ways = ((wrong_name, factor), (added_name, addition), (right_name, straight))
    if op.name in WITHOUT:
        return {name(op.name): wrapped(op, name(op.name), by_textbook(bend)) for name, bend in ways}
    return {name(op.name): bent(op, name(op.name), bend) for name, bend in ways}


#: Rows for which TensorFlow has no gradient that could be bent: their textbook gradient is.
WITHOUT = frozenset(
    op
    for limit in MISSING
    for op in limit.who
    if set(limit.symptoms) == {"raised"} and limit.orders[0] == 1 and limit.where is anywhere
    if not limit.modes and limit.example[1] == "tape"
)


def by_textbook(bend: Any) -> Any:
    """The bend of the row's textbook gradient."""
    return lambda tf, right, g, y, *x: [bend(tf, d, v, g) for d, v in zip(right(g, y, *x), x, strict=True)]


PLANTED: dict[str, Op] = {name: row for op in HONEST.values() for name, row in planted(op).items()}
