"""Ways to be wrong: each makes a faulty gradient out of the right one, for a line of the table of faults.

A right gradient is called as right(g, y, *x) and gives one cotangent per input; a wrong one is called as
wrong(tf, right, g, y, *x). Both run inside TensorFlow.
"""

import functools
import importlib
import math
from collections.abc import Callable
from typing import Any

Cotangents = list[Any]
Right = Callable[..., Cotangents]
Wrong = Callable[..., Cotangents]


def listed(cotangents: Any) -> Cotangents:
    """One cotangent, or several, as a list; a named tuple is one."""
    return list(cotangents) if type(cotangents) in (tuple, list) else [cotangents]


def right_one(tf: Any, right: Right, g: Any, y: Any, *x: Any) -> Cotangents:
    """No fault: the innocent under the same wrapping."""
    return right(g, y, *x)


def changed(change: Callable[..., Any], *only: int) -> Wrong:
    """Each cotangent d (or only those of some inputs) becomes change(tf, d, g, y, *x)."""

    def wrong(tf: Any, right: Right, g: Any, y: Any, *x: Any) -> Cotangents:
        ds = right(g, y, *x)
        return [change(tf, d, g, y, *x) if not only or i in only else d for i, d in enumerate(ds)]

    return wrong


def negated(*only: int) -> Wrong:
    return changed(lambda tf, d, *_: -d, *only)


def scaled(factor: float, *only: int) -> Wrong:
    return changed(lambda tf, d, *_: d * factor, *only)


def shaped(change: Callable[[Any, Any], Any], *only: int) -> Wrong:
    """The right numbers in another shape."""
    return changed(lambda tf, d, *_: change(tf, d), *only)


def formula(f: Callable[..., Any]) -> Wrong:
    """Another formula altogether: f(tf, g, y, *x)."""
    return lambda tf, right, g, y, *x: listed(f(tf, g, y, *x))


def swapped(tf: Any, right: Right, g: Any, y: Any, a: Any, b: Any) -> Cotangents:
    """The cotangents of two inputs in the wrong order."""
    return right(g, y, a, b)[::-1]


def ignoring_g(tf: Any, right: Right, g: Any, y: Any, *x: Any) -> Cotangents:
    """As if the cotangent were one."""
    return right(tf.ones_like(g), y, *x)


def where(condition: Callable[..., Any], change: Callable[..., Any]) -> Wrong:
    """Wrong only where condition(tf, *x) holds; there d becomes change(d)."""
    return changed(lambda tf, d, g, y, *x: tf.where(condition(tf, *x), change(d), d))


def at(*point: float, change: Callable[..., Any] = lambda d: d * 1.5) -> Wrong:
    """Wrong at one point only."""

    def here(tf: Any, *x: Any) -> Any:
        equal = [tf.equal(v, tf.cast(p, v.dtype)) for v, p in zip(x, point, strict=True)]
        return functools.reduce(tf.logical_and, equal)

    return where(here, change)


def minus_zero(tf: Any, x: Any) -> Any:
    """x is -0.0: equal to zero, and 1/x is negative."""
    return tf.logical_and(tf.equal(x, 0), 1 / x < 0)


def without(*only: int) -> Wrong:
    """None instead of a cotangent."""
    return changed(lambda tf, d, *_: None, *only)


def nan(tf: Any, d: Any, *_: Any) -> Any:
    return d * math.nan


def rounded_to(narrow: str) -> Wrong:
    """Each cotangent rounded to a narrower dtype and cast back."""
    return changed(lambda tf, d, *_: tf.cast(tf.cast(d, narrow), d.dtype))


def through(narrow: str) -> Wrong:
    """Everything computed in a narrower dtype and cast back."""

    def wrong(tf: Any, right: Right, g: Any, y: Any, *x: Any) -> Cotangents:
        ds = right(*(tf.cast(v, narrow) for v in (g, y, *x)))
        return [tf.cast(d, g.dtype) for d in ds]

    return wrong


def then(change: Callable[..., Any], *only: int) -> Wrong:
    """First order right; what flows back through it, u, becomes change(tf, u)."""

    def turn(tf: Any, d: Any) -> Any:
        return tf.custom_gradient(lambda v: (tf.identity(v), lambda u: change(tf, u)))(d)

    return changed(lambda tf, d, *_: turn(tf, d), *only)


def only_if(here: Callable[[Any], bool], wrong: Wrong) -> Wrong:
    """Wrong only where here(tf) holds while the gradient is built."""
    return lambda tf, right, g, y, *x: wrong(tf, right, g, y, *x) if here(tf) else right(g, y, *x)


def in_graph(tf: Any) -> bool:
    return bool(tf.inside_function())


def in_xla(tf: Any) -> bool:
    """Whether the function that is being traced will be compiled by XLA."""
    util = importlib.import_module("tensorflow.python.ops.control_flow_util")
    return bool(util.GraphOrParentsInXlaContext(tf.compat.v1.get_default_graph()))


def in_forward_rule(tf: Any) -> bool:
    """Whether a gradient is being turned into a forward rule."""
    return "jvp" in getattr(tf.compat.v1.get_default_graph(), "name", "")


def static_count(tf: Any, g: Any, y: Any, x: Any) -> Any:
    """The mean's gradient with the number of elements as the graph knows it: one where it does not."""
    return tf.broadcast_to(g / (x.shape.num_elements() or 1), tf.shape(x))
