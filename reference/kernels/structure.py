"""Kernels that move elements, and contractions, whose sums may be taken in any order."""

from __future__ import annotations

from functools import reduce

import numpy as np

from reference.balls import as_balls, zeros
from reference.kernels.table import EXACTLY, Contract, Kernel

KEEP = ("keep_dims",)


def axes(axis: np.ndarray) -> tuple[int, ...]:
    """A reduction's axes as NumPy wants them."""
    return tuple(int(a) for a in np.atleast_1d(axis))


def summed(_, x, axis, keep_dims):
    return np.sum(x, axis=axes(axis), keepdims=keep_dims)


def count(x: np.ndarray, axis: np.ndarray) -> int:
    """How many elements each output of a reduction gathers."""
    return int(np.prod([x.shape[a] for a in axes(axis)], dtype=int))


def sum_terms(_, x, axis, keep_dims):
    return max(count(x, axis) - 1, 0), summed(_, abs(x), axis, keep_dims)


def averaged(_, x, axis, keep_dims):
    return summed(_, x, axis, keep_dims) / max(count(x, axis), 1)


def mean_terms(_, x, axis, keep_dims):
    return count(x, axis) + 1, averaged(_, abs(x), axis, keep_dims)


def multiplied(_, x, axis, keep_dims):
    return np.prod(x, axis=axes(axis), keepdims=keep_dims)


def product_terms(_, x, axis, keep_dims):
    return max(count(x, axis) - 1, 0), multiplied(_, abs(x), axis, keep_dims)


def extremum(name: str):
    def reduce(B, x, axis, keep_dims):
        out = np.moveaxis(x, axes(axis), range(len(axes(axis))))
        out = out.reshape((-1,) + out.shape[len(axes(axis)) :])
        best = out[0]
        for other in out[1:]:
            best = getattr(B, name)(best, other)
        return np.expand_dims(best, axes(axis)) if keep_dims else best

    return reduce


def matmul(_, a, b, transpose_a, transpose_b):
    return (a.T if transpose_a else a) @ (b.T if transpose_b else b)


def matmul_terms(_, a, b, transpose_a, transpose_b):
    inner = a.shape[0] if transpose_a else a.shape[1]
    return inner, matmul(_, abs(a), abs(b), transpose_a, transpose_b)


def batch_matmul(_, a, b, adj_x, adj_y):
    return (np.swapaxes(a, -1, -2) if adj_x else a) @ (np.swapaxes(b, -1, -2) if adj_y else b)


def batch_matmul_terms(_, a, b, adj_x, adj_y):
    return a.shape[-2 if adj_x else -1], batch_matmul(_, abs(a), abs(b), adj_x, adj_y)


def einsum(_, *x, equation):
    """Sum of products over the letters that the output lacks; object arrays go through NumPy's own loop."""
    return np.einsum(equation, *x)


def einsum_terms(_, *x, equation):
    inputs, output = equation.split("->")
    sizes = {k: n for term, v in zip(inputs.split(","), x, strict=True) for k, n in zip(term, v.shape, strict=True)}
    summed_over = [n for k, n in sizes.items() if k not in output]
    return int(np.prod(summed_over, dtype=int)) + len(x) - 1, einsum(_, *map(abs, x), equation=equation)


def scan(accumulate, unit: int):
    """Cumulative sums and products, with TensorFlow's `exclusive` and `reverse`."""

    def run(_, x, axis, exclusive, reverse):
        axis = int(axis)
        x = np.flip(x, axis) if reverse else x
        out = accumulate(x, axis=axis)
        if exclusive and x.shape[axis]:
            first = np.take(zeros(x) + unit, [0], axis)
            out = np.concatenate([first, np.delete(out, -1, axis)], axis)
        return np.flip(out, axis) if reverse else out

    return run


def scan_terms(accumulate, unit: int):
    def terms(_, x, axis, exclusive, reverse):
        return x.shape[int(axis)], scan(accumulate, unit)(_, abs(x), axis, exclusive, reverse)

    return terms


def softmax(B, x):
    e = B.exp(x)
    return e / np.sum(e, axis=-1, keepdims=True)


def softmax_terms(B, x):
    """x - max is rounded, so that its exponential is off by |x - max| half ULP; 4 ULP of its own, a sum, a quotient."""
    shift = abs(x - reduce(B.maximum, np.split(x, x.shape[-1], axis=-1)))
    y = softmax(B, x)
    return 1, y * (shift + np.sum(y * shift, axis=-1, keepdims=True) + x.shape[-1] + 18)


def log_softmax(B, x):
    return x - B.log(np.sum(B.exp(x), axis=-1, keepdims=True))


def log_softmax_terms(B, x):
    """Exponentials, their sum, a logarithm and two subtractions, in units of the numbers that cancel."""
    classes = x.shape[-1]
    return classes + 12, abs(x) + np.sum(abs(x), axis=-1, keepdims=True) + 1 + float(np.log(classes))


def cross_entropy(B, logits, labels):
    """The loss per row, and its gradient, which the kernel computes along with it."""
    shifted = log_softmax(B, logits)
    return [-np.sum(labels * shifted, axis=-1), softmax(B, logits) - labels]


def sparse_cross_entropy(B, logits, labels):
    """The same with the labels as class numbers."""
    return cross_entropy(B, logits, as_balls(np.eye(logits.shape[-1])[np.asarray(labels)]))


def cross_entropy_terms(B, logits, labels):
    """Exponentials, their sum, a logarithm and the products, each rounded, in units of the numbers that cancel."""
    classes = logits.shape[-1]
    size = np.sum(abs(logits), axis=-1, keepdims=True) + 1 + float(np.log(classes))
    loss = np.sum(abs(labels) * size, axis=-1)
    return 8 * (classes + 4), [loss, softmax(B, logits) * size + abs(labels)]


def sparse_cross_entropy_terms(B, logits, labels):
    return cross_entropy_terms(B, logits, as_balls(np.eye(logits.shape[-1])[np.asarray(labels)]))


def every(_, x, axis, keep_dims):
    """Whether a condition holds all along some axes; undecided if it is so anywhere."""
    held = np.all(np.array(x, dtype=bool), axis=axes(axis), keepdims=keep_dims)
    return np.full(np.shape(held), None) if any(v is None for v in np.ravel(x)) else np.asarray(held, dtype=object)


def strided(_, x, begin, end, strides, begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask):
    """`x[begin:end:strides]` with TensorFlow's bit masks."""
    index: list = []
    for i, (low, high, step) in enumerate(zip(begin, end, strides, strict=True)):
        if ellipsis_mask >> i & 1:
            index.append(Ellipsis)
        elif new_axis_mask >> i & 1:
            index.append(None)
        elif shrink_axis_mask >> i & 1:
            index.append(int(low))
        else:
            start = None if begin_mask >> i & 1 else int(low)
            index.append(slice(start, None if end_mask >> i & 1 else int(high), int(step)))
    return x[tuple(index)]


def segment_sum(_, x, segments, count):
    """Rows of `x` added up by their segment's number."""
    out = zeros(np.empty((int(count),) + x.shape[np.ndim(segments) :]))
    for i in np.ndindex(np.shape(segments)):
        out[int(segments[i])] = out[int(segments[i])] + x[i]
    return out


def segment_terms(_, x, segments, count):
    return np.size(segments), segment_sum(_, abs(x), segments, count)


def shape_of(_, x):
    """A tensor's shape is asked of the replayed tensor, so that part of a block can be replayed alone."""
    return np.array(np.shape(x), dtype=np.int64)


def broadcast_axes(_, a, b):
    """The axes over which each of two broadcast arguments has to be summed."""
    rank = max(len(a), len(b))
    padded = [np.concatenate([np.ones(rank - len(s), int), np.asarray(s, int)]) for s in (a, b)]
    out = np.maximum(*padded) if rank else np.zeros(0, int)
    return [
        np.array([i for i in range(rank) if p[i] == 1 and (out[i] > 1 or i < rank - len(s))], dtype=np.int64)
        for p, s in zip(padded, (a, b), strict=True)
    ]


STRUCTURE = [
    Kernel("Shape", shape_of, EXACTLY),
    Kernel("BroadcastGradientArgs", broadcast_axes, EXACTLY),
    Kernel("Sum", summed, Contract(0.5, terms=sum_terms), KEEP),
    Kernel("Mean", averaged, Contract(0.5, terms=mean_terms), KEEP),
    Kernel("Prod", multiplied, Contract(0.5, terms=product_terms), KEEP),
    Kernel("Max", extremum("maximum"), EXACTLY, KEEP),
    Kernel("Min", extremum("minimum"), EXACTLY, KEEP),
    Kernel("MatMul", matmul, Contract(0.5, terms=matmul_terms), ("transpose_a", "transpose_b")),
    Kernel("BatchMatMulV2", batch_matmul, Contract(0.5, terms=batch_matmul_terms), ("adj_x", "adj_y")),
    Kernel("Einsum", einsum, Contract(0.5, terms=einsum_terms), ("equation",)),
    Kernel("UnsortedSegmentSum", segment_sum, Contract(0.5, terms=segment_terms)),
    Kernel(
        "Cumsum",
        scan(np.cumsum, 0),
        Contract(0.5, terms=scan_terms(np.cumsum, 0)),
        ("exclusive", "reverse"),
    ),
    Kernel(
        "Cumprod",
        scan(np.cumprod, 1),
        Contract(0.5, terms=scan_terms(np.cumprod, 1)),
        ("exclusive", "reverse"),
    ),
    Kernel("All", every, EXACTLY, ("keep_dims",)),
    Kernel("Softmax", softmax, Contract(0.5, terms=softmax_terms)),
    Kernel("SoftmaxCrossEntropyWithLogits", cross_entropy, Contract(0.5, terms=cross_entropy_terms)),
    Kernel(
        "SparseSoftmaxCrossEntropyWithLogits", sparse_cross_entropy, Contract(0.5, terms=sparse_cross_entropy_terms)
    ),
    Kernel("LogSoftmax", log_softmax, Contract(0.5, terms=log_softmax_terms)),
    Kernel("Reshape", lambda B, x, shape: np.reshape(x, [int(n) for n in shape]), EXACTLY),
    Kernel("BroadcastTo", lambda B, x, shape: np.broadcast_to(x, [int(n) for n in shape]), EXACTLY),
    Kernel("ExpandDims", lambda B, x, axis: np.expand_dims(x, axes(axis)), EXACTLY),
    Kernel(
        "Squeeze",
        lambda B, x, squeeze_dims: np.squeeze(x, tuple(squeeze_dims or ()) or None),
        EXACTLY,
        ("squeeze_dims",),
    ),
    Kernel("Transpose", lambda B, x, order: np.transpose(x, [int(n) for n in order]), EXACTLY),
    Kernel("Tile", lambda B, x, times: np.tile(x, [int(n) for n in times]), EXACTLY),
    Kernel("Fill", lambda B, shape, x: np.broadcast_to(x, [int(n) for n in shape]), EXACTLY),
    Kernel("ConcatV2", lambda B, *x: np.concatenate(x[:-1], int(x[-1])), EXACTLY),
    Kernel("Pack", lambda B, *x, axis: np.stack(x, axis), EXACTLY, ("axis",)),
    Kernel("Unpack", lambda B, x, axis: list(np.moveaxis(x, axis, 0)), EXACTLY, ("axis",)),
    Kernel("GatherV2", lambda B, x, i, axis: np.take(x, np.asarray(i), int(axis)), EXACTLY),
    Kernel(
        "StridedSlice",
        strided,
        EXACTLY,
        ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"),
    ),
]
