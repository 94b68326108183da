"""Array functions: contractions, reductions, broadcasting and losses, on small shapes.

A primal works on NumPy object arrays of SymPy symbols, so `a @ b` is written as it stands.
"""

from functools import partial

import numpy

from reference.op import Op, Reals

row = partial(Op, family="arrays", domain=(Reals,))
row_of_two = partial(Op, family="arrays", domain=(Reals, Reals))

SOFT_LABELS = ((0.25, 0.5, 0.25), (1.0, 0.0, 0.0))  # each sums to one exactly in every dtype
SPARSE_LABELS = (2, 0)


def each(function, x):
    """Apply a SymPy function to every element of an object array."""
    return numpy.frompyfunc(function, 1, 1)(x)


def largest(sp, values):
    """The maximum as a Piecewise, whose borders are the ties."""
    pieces = [(v, sp.And(*[v >= w for w in values if w is not v])) for v in values[:-1]]
    return sp.Piecewise(*pieces, (values[-1], True))


def logsumexp(sp, x):
    """log(sum(exp(x))) along the last axis, kept as an axis of size one."""
    return each(sp.log, each(sp.exp, x).sum(axis=-1, keepdims=True))


def spread_of_max(np, g, y, x):
    """The cotangent of each row goes to its largest elements, in equal parts."""
    hit = np.where(x == y[:, None], 1, 0)
    return g[:, None] * hit / hit.sum(axis=1, keepdims=True)


def softmax(np, x):
    """The rows of x as probabilities, shifted so that no exponential overflows."""
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


ROWS = (
    row_of_two(
        "matmul",
        primal=lambda sp, a, b: a @ b,
        tf=lambda tf, a, b: tf.linalg.matmul(a, b),
        vjp=lambda np, g, y, a, b: (g @ b.T, a.T @ g),
        shapes=((2, 3), (3, 2)),
    ),
    row_of_two(
        "matvec",
        primal=lambda sp, a, b: a @ b,
        tf=lambda tf, a, b: tf.linalg.matvec(a, b),
        vjp=lambda np, g, y, a, b: (np.outer(g, b), a.T @ g),
        shapes=((2, 3), (3,)),
    ),
    row_of_two(
        "einsum",
        primal=lambda sp, a, b: a @ b.T,
        tf=lambda tf, a, b: tf.einsum("ij,kj->ik", a, b),
        vjp=lambda np, g, y, a, b: (g @ b, g.T @ a),
        shapes=((2, 3), (2, 3)),
    ),
    row_of_two(
        "tensordot",
        primal=lambda sp, a, b: (a * b).sum(),
        tf=lambda tf, a, b: tf.tensordot(a, b, axes=2),
        vjp=lambda np, g, y, a, b: (g * b, g * a),
        shapes=((2, 3), (2, 3)),
        note="all axes contracted: the result is a scalar",
    ),
    row(
        "reduce_sum",
        primal=lambda sp, x: x.sum(axis=1),
        tf=lambda tf, x: tf.math.reduce_sum(x, axis=1),
        vjp=lambda np, g, y, x: np.broadcast_to(g[:, None], x.shape),
        shapes=((2, 3),),
    ),
    row(
        "reduce_mean",
        primal=lambda sp, x: x.sum() / x.size,
        tf=lambda tf, x: tf.math.reduce_mean(x),
        vjp=lambda np, g, y, x: np.broadcast_to(g, x.shape) / x.size,
        shapes=((2, 3),),
    ),
    row(
        "reduce_prod",
        primal=lambda sp, x: x.prod(axis=1),
        tf=lambda tf, x: tf.math.reduce_prod(x, axis=1),
        vjp=lambda np, g, y, x: g[:, None] * np.roll(x, 1, axis=1) * np.roll(x, 2, axis=1),
        shapes=((2, 3),),
        note="the product of the other two elements, so that a zero does no harm",
    ),
    row(
        "reduce_max",
        primal=lambda sp, x: numpy.array([largest(sp, list(values)) for values in x], dtype=object),
        tf=lambda tf, x: tf.math.reduce_max(x, axis=1),
        vjp=spread_of_max,
        shapes=((2, 3),),
        note="ties: TensorFlow shares the cotangent in equal parts",
    ),
    row(
        "logsumexp",
        primal=lambda sp, x: logsumexp(sp, x)[:, 0],
        tf=lambda tf, x: tf.math.reduce_logsumexp(x, axis=1),
        vjp=lambda np, g, y, x: g[:, None] * np.exp(x - y[:, None]),
        shapes=((2, 3),),
    ),
    row(
        "softmax",
        primal=lambda sp, x: each(sp.exp, x) / each(sp.exp, x).sum(axis=1, keepdims=True),
        tf=lambda tf, x: tf.nn.softmax(x),
        vjp=lambda np, g, y, x: y * (g - (g * y).sum(axis=1, keepdims=True)),
        shapes=((2, 3),),
    ),
    row(
        "log_softmax",
        primal=lambda sp, x: x - logsumexp(sp, x),
        tf=lambda tf, x: tf.nn.log_softmax(x),
        vjp=lambda np, g, y, x: g - np.exp(y) * g.sum(axis=1, keepdims=True),
        shapes=((2, 3),),
    ),
    row(
        "norm",
        primal=lambda sp, x: sp.sqrt((x * x).sum()),
        tf=lambda tf, x: tf.norm(x),
        vjp=lambda np, g, y, x: g * x / y,
        shapes=((3,),),
        note="no derivative at the origin",
    ),
    row_of_two(
        "broadcast_add",
        primal=lambda sp, a, b: a + b,
        tf=lambda tf, a, b: a + b,
        vjp=lambda np, g, y, a, b: (g, g.sum(axis=0)),
        shapes=((2, 3), (3,)),
    ),
    row_of_two(
        "broadcast_multiply",
        primal=lambda sp, a, b: a * b,
        tf=lambda tf, a, b: a * b,
        vjp=lambda np, g, y, a, b: (g * b, (g * a).sum(axis=0)),
        shapes=((2, 3), (3,)),
    ),
    row_of_two(
        "broadcast_divide",
        primal=lambda sp, a, b: a / b,
        tf=lambda tf, a, b: a / b,
        vjp=lambda np, g, y, a, b: ((g / b).sum(axis=1, keepdims=True), (-g * a / (b * b)).sum(axis=0)),
        shapes=((2, 1), (3,)),
        note="both inputs are stretched",
    ),
    row(
        "softmax_cross_entropy",
        primal=lambda sp, x: -(each(sp.Rational, SOFT_LABELS) * (x - logsumexp(sp, x))).sum(axis=1),
        tf=lambda tf, x: tf.nn.softmax_cross_entropy_with_logits(labels=tf.constant(SOFT_LABELS, x.dtype), logits=x),
        vjp=lambda np, g, y, x: g[:, None] * (softmax(np, x) - numpy.array(SOFT_LABELS)),
        shapes=((2, 3),),
        note="with respect to the logits; labels that sum to one, a zero among them",
    ),
    row(
        "sparse_softmax_cross_entropy",
        primal=lambda sp, x: (logsumexp(sp, x) - x)[[0, 1], SPARSE_LABELS],
        tf=lambda tf, x: tf.nn.sparse_softmax_cross_entropy_with_logits(labels=SPARSE_LABELS, logits=x),
        vjp=lambda np, g, y, x: g[:, None] * (softmax(np, x) - numpy.eye(3)[list(SPARSE_LABELS)]),
        shapes=((2, 3),),
        note="with respect to the logits",
    ),
)
