"""A catalogue that the probe's own tests ask: two honest functions, and some that misbehave."""

import os
import sys
import time
from typing import Any

from reference.op import Op, Reals


def row(name: str, tf: Any, arity: int = 1) -> Op:
    """A row that is only asked, never judged."""
    return Op(name, "odd", primal=tf, tf=tf, vjp=tf, domain=(Reals,) * arity)


def aborts(tf: Any, x: Any) -> Any:
    """Dies by a signal."""
    os.abort()


def leaves(tf: Any, x: Any) -> Any:
    """Ends the process in good order, with a last word."""
    sys.stderr.write("no more of this\n")
    sys.exit(7)


def sleeps(tf: Any, x: Any) -> Any:
    """Never comes back."""
    time.sleep(600)


def raises(tf: Any, x: Any) -> Any:
    """Raises with two lines."""
    raise KeyError("the first line\nand a second")


def shouts(tf: Any, x: Any) -> Any:
    """Writes to stdout, from Python and below it."""
    print("{ not an answer")
    os.write(1, b"nor this\n")
    return x * x


def scatters(tf: Any, x: Any) -> Any:
    """Has a gradient that TensorFlow returns as IndexedSlices."""
    return tf.gather(x, [0, 0, 1])


def branches(tf: Any, x: Any) -> Any:
    """Has control flow and a loop inside."""
    halved = tf.while_loop(lambda v: tf.reduce_max(v) > 1.0, lambda v: [v * 0.5], [x])[0]
    return tf.cond(tf.reduce_sum(x) > 0.0, lambda: halved * halved, lambda: halved)


OPS = {
    op.name: op
    for op in (
        row("cube", lambda tf, x: x * x * x),
        row("product", lambda tf, x, y: x * x * y, arity=2),
        row("tanh", lambda tf, x: tf.math.tanh(x)),
        row("power", lambda tf, x, y: tf.pow(x, y), arity=2),
        row("constant", lambda tf, x: tf.ones_like(tf.stop_gradient(x))),
        *(row(f.__name__, f) for f in (aborts, leaves, sleeps, raises, shouts, scatters, branches)),
    )
}


def plant(tf: Any) -> None:
    """Make tanh's gradient wrong by a factor of two."""
    honest = tf.math.tanh

    @tf.custom_gradient
    def twice(x: Any) -> Any:
        y = honest(x)
        return y, lambda g: 2.0 * g * (1.0 - y * y)

    OPS["tanh"] = OPS["tanh"]._replace(tf=lambda tf, x: twice(x))
