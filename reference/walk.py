"""The walk: which public functions of a TensorFlow have a derivative, found by calling each of them. It never judges.

    python -m reference.walk [--plant MODULE:FUNCTION]

Job lines in, answer lines out, as with the probe. A job without a name asks for the functions that there are, each with
all the names it goes by; a job with one asks what kind of function that is.
"""

import inspect
import itertools
import sys
import types
from functools import lru_cache
from typing import Any, Dict, Iterator, List, Optional, Set, Tuple

import numpy as np

from reference import probe, wire
from reference.catalogue.inventory import NAMESPACES
from reference.catalogue.spellings import resolved

#: Functions that would change TensorFlow for all that are called after them.
UNTOUCHED = ("experimental_enable_numpy_behavior",)

WIDE = (2, 1, 2)  # no function but an elementwise one keeps this shape and moves nothing
IMAGE = (1, 4, 4, 1)
SHAPES = (WIDE, (2,), (3,), (2, 2), IMAGE, ())
STARTS = (0.1, 1.1, -0.9)  # the inputs lie in intervals of this start and the length 0.8

#: What stands for a parameter of this name that no float tensor can stand for.
FILLERS = {
    "axis": (0, -1),
    "axis1": (0,),
    "axis2": (1,),
    "axes": (1, [0]),
    "source": (0,),
    "destination": (0,),
    "perm": ([0],),
    "dtype": ("float32",),
    "type": ("int32",),
    "shape": ([-1], [2, 1, 2], [4]),
    "new_shape": ([-1],),
    "newshape": ([-1],),
    "equation": ("...->...", "ij,jk->ik"),
    "subscripts": ("...->...", "ij,jk->ik"),
    "pattern": ("a b c -> c b a",),
    "num": (3,),
    "num_segments": (2,),
    "num_partitions": (2,),
    "num_classes": (3,),
    "depth": (3,),
    "k": (1,),
    "n": (2,),
    "repeats": (2,),
    "multiples": ([2],),
    "padding": ("VALID",),
    "paddings": ([[1, 1]], [[0, 0], [0, 0]]),
    "pad_width": (1,),
    "mode": ("constant",),
    "begin": ([0],),
    "size": ([1],),
    "start_indices": ([0],),
    "indices_or_sections": (1,),
    "num_or_size_splits": (1,),
    "ksize": (2,),
    "strides": (1,),
    "pool_size": (2,),
    "block_shape": ([1],),
    "block_size": (2,),
    "crops": ([[0, 0]],),
    "rate": (0.5,),
    "seed": ((1, 2),),
    "shift": (1,),
    "sequence_length": (2,),
    "sequence_stride": (2,),
    "fft_length": (2,),
    "output_size": (2,),
    "kernel_size": (2,),
}


def image(tf: Any, x: Any, spatial: int) -> Any:
    """Sixteen floats as a batch of one image of so many dimensions, with one channel."""
    return tf.reshape(x, {1: [1, 16, 1], 2: [1, 4, 4, 1], 3: [1, 4, 2, 2, 1]}[spatial])


def stencil(tf: Any, z: Any, spatial: int) -> Any:
    """Two floats in each direction as a filter from one channel to one."""
    return tf.reshape(tf.reshape(z, [-1])[: 2**spatial], [2] * spatial + [1, 1])


def convolves(spatial: int) -> Any:
    """The call of a convolution."""
    return lambda tf, f, x, z: f(image(tf, x, spatial), stencil(tf, z, spatial), *strides(spatial, 1), "VALID")


def deconvolves(spatial: int) -> Any:
    """The call of a transposed convolution."""
    size = {1: [1, 17, 1], 2: [1, 5, 5, 1], 3: [1, 5, 3, 3, 1]}[spatial]
    return lambda tf, f, x, z: f(image(tf, x, spatial), stencil(tf, z, spatial), size, 1, "VALID")


def pools(spatial: int) -> Any:
    """The call of a pooling."""
    return lambda tf, f, x: f(image(tf, x, spatial), 2, 2, "VALID")


def strides(spatial: int, step: int) -> List[Any]:
    """Strides as convolutions want them."""
    return [step if spatial == 1 else [1] + [step] * spatial + [1]]


def ids(tf: Any, size: int = 2) -> Any:
    """Integers that begin at zero."""
    return tf.range(size)


#: How to call what cannot be called by its signature alone, or what dies of arguments that cannot be meant.
CALLS = {
    "conv1d": convolves(1),
    "conv2d": convolves(2),
    "conv3d": convolves(3),
    "depthwise_conv2d": convolves(2),
    "conv1d_transpose": deconvolves(1),
    "conv2d_transpose": deconvolves(2),
    "conv3d_transpose": deconvolves(3),
    "max_pool": pools(2),
    "max_pool1d": pools(1),
    "max_pool2d": pools(2),
    "max_pool3d": pools(3),
    "avg_pool1d": pools(1),
    "avg_pool3d": pools(3),
    "max_pool_with_argmax": pools(2),
    "pool": lambda tf, f, x: f(x, [2, 2], "MAX"),
    "fractional_avg_pool": lambda tf, f, x: f(x, [1.0, 1.5, 1.5, 1.0], seed=1),
    "fractional_max_pool": lambda tf, f, x: f(x, [1.0, 1.5, 1.5, 1.0], seed=1),
    "convolution": lambda tf, f, x, z: f(x, stencil(tf, z, 2)),
    "conv_transpose": lambda tf, f, x, z: (
        f(x, stencil(tf, z, 2), 1) if "keras" in f.__module__ else f(x, stencil(tf, z, 2), [1, 5, 5, 1], 1, "VALID")
    ),
    "atrous_conv2d": lambda tf, f, x, z: f(x, stencil(tf, z, 2), 1, "VALID"),
    "atrous_conv2d_transpose": lambda tf, f, x, z: f(x, stencil(tf, z, 2), [1, 5, 5, 1], 1, "VALID"),
    "separable_conv2d": lambda tf, f, x, z: f(x, stencil(tf, z, 2), z[:, :1, :1], [1, 1, 1, 1], "VALID"),
    "dilation2d": lambda tf, f, x, z: f(x, z[0, :2, :2], [1] * 4, "VALID", "NHWC", [1] * 4),
    "erosion2d": lambda tf, f, x, z: f(x, z[0, :2, :2], [1] * 4, "VALID", "NHWC", [1] * 4),
    "depthwise_conv2d_backprop_input": lambda tf, f, x, z: f([1, 5, 5, 1], stencil(tf, z, 2), x, [1, 1, 1, 1], "VALID"),
    "depthwise_conv2d_backprop_filter": lambda tf, f, x, z: f(x, [2, 2, 1, 1], z[:, :3, :3], [1, 1, 1, 1], "VALID"),
    "conv2d_backprop_input_v2": lambda tf, f, x, z: f(z, stencil(tf, z, 2), x[:, :3, :3], [1, 1, 1, 1], "VALID"),
    "conv2d_backprop_filter_v2": lambda tf, f, x, z: f(x, stencil(tf, z, 2), z[:, :3, :3], [1, 1, 1, 1], "VALID"),
    "conv": lambda tf, f, x, z: (
        f(x, stencil(tf, z, 2)) if "keras" in f.__module__ else f(x, stencil(tf, z, 2), [1, 1, 1, 1], "VALID")
    ),
    "extract_volume_patches": lambda tf, f, x: f(image(tf, x, 3), [1, 2, 1, 1, 1], [1, 1, 1, 1, 1], "VALID"),
    "with_space_to_batch": lambda tf, f, x: f(x, [1, 1], "VALID", lambda y, *rest: 2 * y, filter_shape=[2, 2]),
    "depthwise_conv": lambda tf, f, x, z: f(x, stencil(tf, z, 2)),
    "separable_conv": lambda tf, f, x, z: f(x, stencil(tf, z, 2), z[:, :1, :1]),
    "adaptive_average_pool": lambda tf, f, x: f(x, 2),
    "adaptive_max_pool": lambda tf, f, x: f(x, 2),
    "depth_to_space": lambda tf, f, x: f(tf.reshape(x, [1, 2, 2, 4]), 2),
    "fold": lambda tf, f, x: f(tf.reshape(x, [1, 4, 4]), (4, 4), 2, stride=2),
    "kaiser": lambda tf, f, x: f(4, x[0, 0, 0, 0]),
    "approx_min_k": lambda tf, f, x: f(x[0, :, 0, 0], 2),
    "unravel_index": lambda tf, f, x: f(ids(tf), [2, 2]),
    "sufficient_statistics": lambda tf, f, x: f(x, [1, 2]),
    "where": lambda tf, f, x, z: f(x > 0.5, x, z),
    "batch_norm_with_global_normalization": lambda tf, f, x, z: f(
        x, z[0, 0, 0], z[0, 1, 0], z[0, 2, 0], z[0, 3, 0], 0.001, True
    ),
    "jvp": lambda tf, f, x, z: f(tf.sin, (x,), (z,)),
    "reverse_sequence": lambda tf, f, x: f(x[0], ids(tf, 4), seq_axis=1, batch_axis=0),
    "strided_slice": lambda tf, f, x: f(x, [0], [1]),
    "scatter_nd": lambda tf, f, x: f([[0]], x[0, :1], [3, 4, 1]),
    "scatter": lambda tf, f, x: f([[0]], x[0, :1], [3, 4, 1]),
    "scatter_update": lambda tf, f, x, z: f(x, [[0]], z),
    "slice_update": lambda tf, f, x, z: f(x, [0, 0, 0, 0], z),
    "tensor_scatter_nd_add": lambda tf, f, x, z: f(x, [[0]], z),
    "tensor_scatter_nd_max": lambda tf, f, x, z: f(x, [[0]], z),
    "tensor_scatter_nd_min": lambda tf, f, x, z: f(x, [[0]], z),
    "tensor_scatter_nd_sub": lambda tf, f, x, z: f(x, [[0]], z),
    "tensor_scatter_nd_update": lambda tf, f, x, z: f(x, [[0]], z),
    "sparse_softmax_cross_entropy_with_logits": lambda tf, f, x: f(labels=[0, 1, 2, 3], logits=x[0, :, :, 0]),
    "matrix_square_root": lambda tf, f, x: f(x[0, :2, :2, 0] + tf.eye(2)),
    "cholesky": lambda tf, f, x: f(x[0, :, :, 0] @ tf.transpose(x[0, :, :, 0]) + tf.eye(4)),
    "ctc_loss": lambda tf, f, x: f([[1]], x[:, :, :, 0] if "keras" in f.__module__ else x[0, :, None, :, 0], [1], [4]),
    "ctc": lambda tf, f, x: f(tf.constant([[1, 2]]), tf.nn.softmax(x[:, :, :, 0])),
    "pad": lambda tf, f, x: f(x, [[1, 1]] * 4, "constant"),
    "edit_distance": lambda tf, f, x: f(tf.sparse.from_dense(x), tf.sparse.from_dense(x)),
    "embedding_lookup_sparse": lambda tf, f, x: f(x[0, :, :, 0], tf.sparse.from_dense([[1, 2]]), None),
    "safe_embedding_lookup_sparse": lambda tf, f, x: f(x[0, :, :, 0], tf.sparse.from_dense([[1, 2]])),
    "nce_loss": lambda tf, f, x: f(x[0, :, :, 0], x[0, 0, :, 0], tf.zeros([1, 1], tf.int64), x[0, :1, :, 0], 2, 4),
    "sampled_softmax_loss": lambda tf, f, x: f(
        x[0, :, :, 0], x[0, 0, :, 0], tf.zeros([1, 1], tf.int64), x[0, :1, :, 0], 2, 4
    ),
    "general_dropout": lambda tf, f, x: f(x, 0.5, lambda shape, dtype: tf.fill(shape, tf.cast(0.7, dtype))),
    "random_index_shuffle": lambda tf, f, x: f(0, [1, 2, 3], 4),
    "select": lambda tf, f, x, z: f([x > 0.5], [z], x),
    "map_fn": lambda tf, f, x: f(tf.sin, x),
    "vectorized_map": lambda tf, f, x: f(tf.sin, x),
    "map": lambda tf, f, x: f(tf.sin, x),
    "vectorize": lambda tf, f, x: f(tf.sin)(x),
    "foldl": lambda tf, f, x: f(tf.add, x),
    "foldr": lambda tf, f, x: f(tf.add, x),
    "scan": lambda tf, f, x: f(lambda a, b: (a + b, a) if "keras" in f.__module__ else a + b, x[0, 0], x[0]),
    "associative_scan": lambda tf, f, x: f(tf.add, x),
    "while_loop": lambda tf, f, x: f(lambda i, y: i < 2, lambda i, y: (i + 1, y * y), (tf.constant(0), x)),
    "fori_loop": lambda tf, f, x: f(0, 2, lambda i, y: y * y, x),
    "cond": lambda tf, f, x: f(tf.constant(True), lambda: x, lambda: -x),
    "case": lambda tf, f, x: f([(tf.constant(True), lambda: x)], lambda: -x),
    "switch_case": lambda tf, f, x: f(tf.constant(0), [lambda: x, lambda: -x]),
    "switch": lambda tf, f, x: f(tf.constant(0), [lambda y: y, lambda y: -y], x),
    "py_function": lambda tf, f, x: f(tf.sin, [x], tf.float32),
    "numpy_function": lambda tf, f, x: f(np.sin, [x], tf.float32),
    "recompute_grad": lambda tf, f, x: f(tf.sin)(x),
    "grad_pass_through": lambda tf, f, x: f(tf.floor)(x),
    "custom_gradient": lambda tf, f, x: f(lambda y: (tf.sin(y), lambda g, *rest, **upstream: tf.cos(y)))(x),
    "function": lambda tf, f, x: f(tf.sin, autograph=False)(x),
    "rearrange": lambda tf, f, x: f(x, "a b c d -> d c b a"),
    "fftnd": lambda tf, f, x: f(tf.cast(x, tf.complex64), [2, 2], [1, 2]),
    "ifftnd": lambda tf, f, x: f(tf.cast(x, tf.complex64), [2, 2], [1, 2]),
    "rfftnd": lambda tf, f, x: f(x[0, :, :, 0], [2, 2], [0, 1]),
    "irfftnd": lambda tf, f, x: f(tf.cast(x[0, :, :, 0], tf.complex64), [2, 2], [0, 1]),
}


class Unlike(Exception):
    """The call gave nothing that a derivative could be asked of."""


class Walker:
    """Answers the jobs of the walk."""

    def __init__(self, tf: Any, ops: Dict[str, Any]) -> None:
        self.tf = tf

    def answer(self, job: wire.Record) -> wire.Record:
        """The functions there are, or the kind of one."""
        try:
            found = self.kind(job["name"]) if "name" in job else {"functions": functions(self.tf)}
        except Exception as error:  # a function of any version may raise anything
            found = {"raised": probe.first_line(error)}
        return dict(found, id=job.get("id"))

    def kind(self, name: str) -> wire.Record:
        """What the first call that answers says: `gradient` is some, none, unregistered or unlike; `kind` where some.

        A call that has a gradient is preferred, then one that lacks it, then one whose answer is no float.
        """
        if name.rpartition(".")[2] in UNTOUCHED:
            return {"gradient": "uncalled", "why": "would change TensorFlow for all that follow"}
        function, why = resolved(self.tf, name), ""
        said: Dict[str, wire.Record] = {}
        shapes: Set[Tuple[int, ...]] = set()
        for shape, fill in calls(self.tf, name, function):
            if said and shape not in shapes:
                break  # it was called at the shape before
            shapes.add(shape)
            try:
                found = self.asked(function, shape, fill)
            except Exception as error:  # most calls cannot be meant
                why = why or probe.first_line(error)
                continue
            said.setdefault(found["gradient"], found)
            if found["gradient"] == "some":
                return found
        for gradient in ("unregistered", "none", "unlike"):
            if gradient in said:
                return said[gradient]
        return {"gradient": "uncalled", "why": why or "it takes other arguments than tensors"}

    def asked(self, function: Any, shape: Tuple[int, ...], fill: Any) -> wire.Record:
        """What one way to call a function says of its gradient."""
        xs = tensors(self.tf, shape, STARTS[0])
        used = {"shape": list(shape)}
        try:
            gradients, ys = gradient(self.tf, function, fill, xs)
        except Unlike:
            return dict(used, gradient="unlike")
        except LookupError as error:
            if "gradient registry has no entry" not in str(error):
                raise
            return dict(used, gradient="unregistered", why=probe.first_line(error))
        by = [i for i, g in enumerate(gradients) if g is not None]
        if not by:
            return dict(used, gradient="none" if self.depends(function, shape, fill) else "unlike")
        plain = shape in (WIDE, IMAGE) and len(ys) == 1 and tuple(ys[0].shape) == shape
        kind = "elementwise" if plain and self.elementwise(function, shape, fill) else "array"
        return dict(used, gradient="some", kind=kind, by=by)

    def depends(self, function: Any, shape: Tuple[int, ...], fill: Any) -> bool:
        """Whether the function's floats change with its inputs, and only with them."""
        once, again, other = (floats(self.tf, fill(function, tensors(self.tf, shape, s))) for s in (0.1, 0.1, 1.1))
        return same(once, again) and not same(once, other)

    def elementwise(self, function: Any, shape: Tuple[int, ...], fill: Any) -> bool:
        """Whether one float of the answer depends on one float of each input: the Jacobians are diagonal."""
        weights = self.tf.constant(np.reshape(np.cos(np.arange(np.prod(shape)) + 1.0), shape), "float32")
        for start in STARTS:
            xs = tensors(self.tf, shape, start)
            plain, weighted = (gradient(self.tf, function, fill, xs, w)[0] for w in (None, weights))
            pairs = [(a * weights, b) for a, b in zip(plain, weighted) if a is not None and a.dtype == weights.dtype]
            if all(np.isfinite(a).all() for a, _ in pairs):
                return all(a.shape == b.shape and np.allclose(a, b, rtol=1e-4, atol=1e-6) for a, b in pairs)
        return False


def functions(tf: Any) -> List[List[str]]:
    """Every public function of the namespaces, with all its names; classes and modules are none."""
    names: Dict[int, List[str]] = {}
    for space in NAMESPACES:
        try:
            module = resolved(tf, space)
        except AttributeError:  # this TensorFlow has no such namespace
            continue
        for name in sorted(dir(module)):
            found = getattr(module, name, None)
            if not name.startswith("_") and callable(found) and not isinstance(found, (type, types.ModuleType)):
                names.setdefault(id(found), []).append(space + "." + name)
    return list(names.values())


@lru_cache(maxsize=None)
def tensors(tf: Any, shape: Tuple[int, ...], start: float) -> List[Any]:
    """Six tensors of distinct floats that are in no order."""
    size = int(np.prod(shape))
    found = []
    for i in range(6):
        raw = start + 0.8 * ((np.arange(size) * 0.61803 + 0.37 * (i + 1)) % 1.0)
        found.append(tf.constant(np.reshape(raw, shape), "float32"))
    return found


def calls(tf: Any, name: str, function: Any) -> Iterator[Tuple[Tuple[int, ...], Any]]:
    """Shapes, and ways to call a function with tensors of that shape."""
    by_hand = CALLS.get(name.rpartition(".")[2])
    if by_hand is not None:
        inputs = len(inspect.signature(by_hand).parameters) - 2
        yield IMAGE, lambda f, xs: by_hand(tf, f, *xs[:inputs])
        return
    counts = [count for count in (1, 2, 3) if takes(function, count)]
    ways = [lambda f, xs, count=count: f(*xs[:count]) for count in counts] + list(forms(tf, function))
    for shape in SHAPES:
        for way in ways:
            yield shape, way
    for dtype, count in itertools.product(("int32", "bool"), counts):
        yield (), lambda f, xs, dtype=dtype, count=count: f(*[tf.cast([1, 1], dtype)] * count)


def takes(function: Any, count: int) -> bool:
    """Whether a function can be called with so many arguments, as far as its signature tells."""
    try:
        inspect.signature(function).bind(*range(count))
    except TypeError:
        return False
    except ValueError:  # it has no signature
        pass
    return True


def forms(tf: Any, function: Any) -> Iterator[Any]:
    """Ways to call a function as its signature asks: what has no default is filled."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return
    due = [p for p in parameters if p.default is p.empty and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
    several = any(p.kind == p.VAR_POSITIONAL for p in parameters)
    if not due and not several:
        return
    choices = [FILLERS.get(p.name, (None,)) for p in due]
    free = [p.name for p in due if p.name not in FILLERS]
    for fillers in itertools.islice(itertools.product(*choices), 12):
        for kinds in kinds_of(len(free)):
            for rest in (0, 1, 2) if several else (0,):
                yield form(tf, due, dict(zip((p.name for p in due), fillers)), dict(zip(free, kinds)), rest)


def kinds_of(count: int) -> List[Tuple[str, ...]]:
    """What the parameters that no filler fits are filled with: floats, a list of them, integers; not integers only."""
    mixed = [kinds for kinds in itertools.product(("float", "integer"), repeat=min(count, 3)) if "float" in kinds]
    lists = [("floats",) + kinds[1:] for kinds in mixed if kinds[0] == "float"]
    return [kinds + ("float",) * (count - 3) for kinds in mixed + lists] or [()]


def form(tf: Any, due: List[Any], fillers: Dict[str, Any], kinds: Dict[str, str], rest: int) -> Any:
    """A call with fillers, tensors and lists of tensors in their places."""

    def call(f: Any, xs: List[Any]) -> Any:
        unused = iter(xs)
        positional: List[Any] = []
        named: Dict[str, Any] = {}
        for p in due:
            kind = kinds.get(p.name)
            if kind is None:
                value = fillers[p.name]
            elif kind == "integer":
                value = tf.constant(np.zeros(xs[0].shape, "int32"))
            else:
                value = next(unused)
                value = [value, next(unused)] if kind == "floats" else value
            if p.kind == p.KEYWORD_ONLY:
                named[p.name] = value
            else:
                positional.append(value)
        return f(*(positional + [next(unused) for _ in range(rest)]), **named)

    return call


def gradient(
    tf: Any, function: Any, fill: Any, xs: List[Any], weights: Optional[Any] = None
) -> Tuple[List[Any], List[Any]]:
    """The gradient of every float that a call returns, by each input, and these floats."""
    with tf.GradientTape() as tape:
        tape.watch(xs)
        ys = floats(tf, fill(function, xs))
    if not ys:
        raise Unlike
    found = tape.gradient(ys, xs, output_gradients=None if weights is None else [weights])
    return [None if g is None else tf.convert_to_tensor(g) for g in found], ys


def floats(tf: Any, answer: Any) -> List[Any]:
    """The real and complex tensors of an answer, in whatever it is packed."""
    parts = tf.nest.flatten(answer, expand_composites=True)
    return [y for y in parts if tf.is_tensor(y) and (y.dtype.is_floating or y.dtype.is_complex)]


def same(ones: List[Any], others: List[Any]) -> bool:
    """Whether two answers hold the same floats."""
    pairs = [(np.asarray(a), np.asarray(b)) for a, b in zip(ones, others)]
    return len(ones) == len(others) and all(a.shape == b.shape and a.tobytes() == b.tobytes() for a, b in pairs)


if __name__ == "__main__":
    sys.exit(probe.main(sys.argv[1:], Walker))
