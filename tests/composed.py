"""A catalogue made for the tests: one catalogued function after another, and functions that do not answer.

The probe asks it too (`Probe(catalogue="tests.composed")`).
"""

from itertools import product
from typing import Any

from reference.catalogue import OPS as CATALOGUE
from reference.op import Op

OUTER = ("tanh", "exp", "sigmoid", "softplus", "erf", "square", "atan")
INNER = ("sin", "tanh", "square", "atan", "neg", "log1p", "relu")


def after(outer: Op, inner: Op) -> Op:
    """The row of outer(inner(x)), composed from the two rows."""
    return Op(
        f"{outer.name}_of_{inner.name}",
        "composed",
        primal=lambda sp, x: outer.primal(sp, inner.primal(sp, x)),
        tf=lambda tf, x: outer.tf(tf, inner.tf(tf, x)),
        vjp=lambda np, g, y, x: inner.vjp(np, outer.vjp(np, g, y, inner.primal(np, x)), inner.primal(np, x), x),
        domain=inner.domain,
    )


COMPOSED = {row.name: row for o, i in product(OUTER, INNER) for row in [after(CATALOGUE[o], CATALOGUE[i])]}


def instead(gradient: Any) -> Any:
    """2x with some other gradient."""
    return lambda tf, x: tf.custom_gradient(lambda v: (v + v, lambda g: gradient(tf, g)))(x)


def refuses(tf: Any, g: Any) -> Any:
    """A gradient that does not exist."""
    raise LookupError("no gradient defined for doubling")


def doubled(name: str, tf: Any) -> Op:
    """A row that claims to be 2x."""
    return Op(name, "made up", primal=lambda sp, x: 2 * x, tf=tf, vjp=lambda np, g, y, x: 2 * g)


DOUBLED = {
    row.name: row
    for row in (
        doubled("says_two", instead(lambda tf, g: g + g)),
        doubled("says_zero", instead(lambda tf, g: g * 0)),
        doubled("says_nan", instead(lambda tf, g: g * float("nan"))),
        doubled("says_none", lambda tf, x: tf.stop_gradient(x + x)),
        doubled("raises", instead(refuses)),
    )
}
NOTHING = Op(
    "nothing",
    "made up",
    primal=lambda sp, x: 0 * x,
    tf=lambda tf, x: tf.zeros_like(tf.stop_gradient(x)),
    vjp=lambda np, g, y, x: 0 * g,
)

OPS = {**CATALOGUE, **COMPOSED, **DOUBLED, NOTHING.name: NOTHING}
