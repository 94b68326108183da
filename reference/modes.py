"""The ways to ask TensorFlow for the same derivative, each a short function in one table.

Every function takes the library, the function on trial, its inputs, the cotangent of its output
and one tangent per input. A first-order question answers one tensor per input; a second-order
question answers n * n of them, i outside and j inside; third order asks one level deeper. `asks` says which
derivative that is:

    vjp         dL/dx_i                           d/dx_j <h_i, dL/dx_i>     where L = sum(c * f)
    jvp         J_i h_i
    jvp_of_vjp                                    dL/dx_i, pushed forward along h_j
    vjp_of_jvp                                    d/dx_j <c, J_i h_i>
    jvp_of_jvp                                    f, pushed forward along h_i and then h_j
    jacobian    d(c * f)/dx_i                     d(h_i * dL/dx_i)/dx_j

A vjp of order 3 is d/dx_k <h_j, d/dx_j <h_i, dL/dx_i>>.
"""

import inspect
from typing import Any, Callable, List, NamedTuple, Optional, Tuple

Answers = List[Any]
Question = Callable[..., Answers]  # (tf, f, xs, c, hs) -> tensors, or None where TensorFlow says None


class Mode(NamedTuple):
    """One way of asking; a field for an order that the mode does not have is None."""

    name: str
    asks: Tuple[Optional[str], ...]  # at order 1, at order 2, and at order 3 where a mode goes that far
    first: Optional[Question]
    second: Optional[Question]
    needs: str = ""  # what the library must have, as a path below it: "a.b" or "a.b(parameter)"
    inside: Optional[Callable[..., Any]] = None  # (tf, f) -> the function that is asked instead
    outside: Optional[Callable[..., Any]] = None  # (tf, question, arguments) -> the question as it is run
    traced: bool = True  # whether its kernels can be recorded
    note: str = ""
    third: Optional[Question] = None


# Small words


def dense(tf: Any, gradient: Any) -> Any:
    """The gradient as one tensor; None stays None."""
    return tf.convert_to_tensor(gradient) if isinstance(gradient, tf.IndexedSlices) else gradient


def gradient(tf: Any, tape: Any, target: Any, source: Any, weight: Any) -> Any:
    """What the tape says about one source; nothing depends on a target that is None."""
    if target is None:
        return None
    return dense(tf, tape.gradient(target, source, output_gradients=weight))


def flat(rows: List[Answers]) -> Answers:
    """The rows one behind the other."""
    return [entry for row in rows for entry in row]


def transposed(columns: List[Answers]) -> Answers:
    """The columns, read row by row."""
    return [entry for row in zip(*columns) for entry in row]


# Reverse mode


def tape(tf: Any, f: Any, xs: Any, c: Any, hs: Any) -> Answers:
    """One tape, asked once for all inputs."""
    with tf.GradientTape() as recorder:
        recorder.watch(xs)
        y = f(*xs)
    return [dense(tf, g) for g in recorder.gradient(y, xs, output_gradients=c)]


def persistent(tf: Any, f: Any, xs: Any, c: Any, hs: Any) -> Answers:
    """One tape, asked for one input after the other."""
    with tf.GradientTape(persistent=True) as recorder:
        recorder.watch(xs)
        y = f(*xs)
    return [gradient(tf, recorder, y, x, c) for x in xs]


def persistent_twice(tf: Any, f: Any, xs: Any, c: Any, hs: Any) -> Answers:
    """Two persistent tapes, asked entry by entry."""
    with tf.GradientTape(persistent=True) as outer:
        outer.watch(xs)
        gradients = persistent(tf, f, xs, c, hs)
    return [gradient(tf, outer, g, x, h) for g, h in zip(gradients, hs) for x in xs]


def alone(tf: Any, f: Any, xs: Any, c: Any, x: Any) -> Any:
    """The gradient of one input, the only one that is watched."""
    with tf.GradientTape() as recorder:
        recorder.watch(x)
        y = f(*xs)
    return gradient(tf, recorder, y, x, c)


def watched(tf: Any, f: Any, xs: Any, c: Any, hs: Any) -> Answers:
    """One tape per input, and only that input is watched."""
    return [alone(tf, f, xs, c, x) for x in xs]


def watched_twice(tf: Any, f: Any, xs: Any, c: Any, hs: Any) -> Answers:
    """Two tapes per entry, and each watches one input only."""

    def entry(i: int, x: Any) -> Any:
        with tf.GradientTape() as outer:
            outer.watch(x)
            g = alone(tf, f, xs, c, xs[i])
        return gradient(tf, outer, g, x, hs[i])

    return [entry(i, x) for i in range(len(xs)) for x in xs]


def variable(tf: Any, f: Any, xs: Any, c: Any, hs: Any) -> Answers:
    """Variables, which the tape watches by itself."""
    variables = [tf.Variable(x) for x in xs]
    with tf.GradientTape() as recorder:
        y = f(*variables)
    return [dense(tf, g) for g in recorder.gradient(y, variables, output_gradients=c)]


def variable_twice(tf: Any, f: Any, xs: Any, c: Any, hs: Any) -> Answers:
    """Variables under two tapes."""
    variables = [tf.Variable(x) for x in xs]
    with tf.GradientTape(persistent=True) as outer:
        with tf.GradientTape() as inner:
            y = f(*variables)
        gradients = [dense(tf, g) for g in inner.gradient(y, variables, output_gradients=c)]
    return [gradient(tf, outer, g, v, h) for g, h in zip(gradients, hs) for v in variables]


def manual_watch(tf: Any, f: Any, xs: Any, c: Any, hs: Any) -> Answers:
    """Variables on a tape that watches only what it is told to."""
    variables = [tf.Variable(x) for x in xs]
    with tf.GradientTape(watch_accessed_variables=False) as recorder:
        recorder.watch(variables)
        y = f(*variables)
    return [dense(tf, g) for g in recorder.gradient(y, variables, output_gradients=c)]


def manual_watch_twice(tf: Any, f: Any, xs: Any, c: Any, hs: Any) -> Answers:
    """Variables under two tapes that watch only what they are told to."""
    variables = [tf.Variable(x) for x in xs]
    with tf.GradientTape(persistent=True, watch_accessed_variables=False) as outer:
        outer.watch(variables)
        with tf.GradientTape(watch_accessed_variables=False) as inner:
            inner.watch(variables)
            y = f(*variables)
        gradients = [dense(tf, g) for g in inner.gradient(y, variables, output_gradients=c)]
    return [gradient(tf, outer, g, v, h) for g, h in zip(gradients, hs) for v in variables]


def nested(tf: Any, f: Any, xs: Any, c: Any, hs: Any) -> Answers:
    """Two plain tapes per row, the outer one asked once for all inputs."""

    def row(i: int) -> Answers:
        with tf.GradientTape() as outer:
            outer.watch(xs)
            g = tape(tf, f, xs, c, hs)[i]
        if g is None:
            return [None for _ in xs]
        return [dense(tf, d) for d in outer.gradient(g, xs, output_gradients=hs[i])]

    return flat([row(i) for i in range(len(xs))])


def thrice(tf: Any, f: Any, xs: Any, c: Any, hs: Any) -> Answers:
    """Three tapes in one another, the outermost asked entry by entry."""
    with tf.GradientTape(persistent=True) as outermost:
        outermost.watch(xs)
        seconds = nested(tf, f, xs, c, hs)
    weights = [h for _ in xs for h in hs]
    return [gradient(tf, outermost, d, x, h) for d, h in zip(seconds, weights) for x in xs]


# Forward mode


def forward(tf: Any, f: Any, xs: Any, c: Any, hs: Any) -> Answers:
    """One accumulator per input."""

    def column(x: Any, h: Any) -> Any:
        with tf.autodiff.ForwardAccumulator(x, h) as accumulator:
            y = f(*xs)
        return accumulator.jvp(y)

    return [column(x, h) for x, h in zip(xs, hs)]


def pushed(tf: Any, ask: Question, f: Any, xs: Any, c: Any, hs: Any) -> Answers:
    """A first-order question's answers, pushed forward along each tangent."""

    def column(x: Any, h: Any) -> Answers:
        with tf.autodiff.ForwardAccumulator(x, h) as accumulator:
            inner = ask(tf, f, xs, c, hs)
        return [None if entry is None else accumulator.jvp(entry) for entry in inner]

    return transposed([column(x, h) for x, h in zip(xs, hs)])


def forward_over_reverse(tf: Any, f: Any, xs: Any, c: Any, hs: Any) -> Answers:
    """A tape inside an accumulator."""
    return pushed(tf, tape, f, xs, c, hs)


def forward_over_forward(tf: Any, f: Any, xs: Any, c: Any, hs: Any) -> Answers:
    """An accumulator inside an accumulator."""
    return pushed(tf, forward, f, xs, c, hs)


def reverse_over_forward(tf: Any, f: Any, xs: Any, c: Any, hs: Any) -> Answers:
    """An accumulator inside a tape."""
    with tf.GradientTape(persistent=True) as outer:
        outer.watch(xs)
        columns = forward(tf, f, xs, c, hs)
    return [gradient(tf, outer, column, x, c) for column in columns for x in xs]


# Jacobians


def jacobian(tf: Any, f: Any, xs: Any, c: Any, hs: Any, pfor: bool = True) -> Answers:
    """The whole Jacobian of c * f, one source after the other."""
    with tf.GradientTape(persistent=True) as recorder:
        recorder.watch(xs)
        y = c * f(*xs)
    return [dense(tf, recorder.jacobian(y, x, experimental_use_pfor=pfor)) for x in xs]


def jacobian_twice(tf: Any, f: Any, xs: Any, c: Any, hs: Any, pfor: bool = True) -> Answers:
    """The whole Jacobian of each weighted gradient."""
    with tf.GradientTape(persistent=True) as outer:
        outer.watch(xs)
        gradients = tape(tf, f, xs, c, hs)
        weighted = [None if g is None else h * g for g, h in zip(gradients, hs)]
    return [
        None if w is None else dense(tf, outer.jacobian(w, x, experimental_use_pfor=pfor)) for w in weighted for x in xs
    ]


def jacobian_loop(tf: Any, f: Any, xs: Any, c: Any, hs: Any) -> Answers:
    """The Jacobian, row by row in a loop."""
    return jacobian(tf, f, xs, c, hs, pfor=False)


def jacobian_loop_twice(tf: Any, f: Any, xs: Any, c: Any, hs: Any) -> Answers:
    """The Jacobian of each weighted gradient, row by row in a loop."""
    return jacobian_twice(tf, f, xs, c, hs, pfor=False)


def batches(tf: Any, xs: Any) -> Answers:
    """Vectors of points, as one batch per point."""
    if any(len(x.shape) != 1 for x in xs):
        raise ValueError("batch_jacobian asks vectors of points only")
    return [tf.reshape(x, [-1, 1]) for x in xs]


def per_batch(tf: Any, recorder: Any, target: Any, source: Any) -> Any:
    """The batch Jacobian as a vector again."""
    if target is None:
        return None
    answer = recorder.batch_jacobian(target, source)
    return None if answer is None else tf.reshape(answer, [-1])


def batch_jacobian(tf: Any, f: Any, xs: Any, c: Any, hs: Any) -> Answers:
    """The Jacobian of c * f with every point a batch of its own."""
    xs, (c,) = batches(tf, xs), batches(tf, [c])
    with tf.GradientTape(persistent=True) as recorder:
        recorder.watch(xs)
        y = c * f(*xs)
    return [per_batch(tf, recorder, y, x) for x in xs]


def batch_jacobian_twice(tf: Any, f: Any, xs: Any, c: Any, hs: Any) -> Answers:
    """The Jacobian of each weighted gradient with every point a batch of its own."""
    xs, (c,), hs = batches(tf, xs), batches(tf, [c]), batches(tf, hs)
    with tf.GradientTape(persistent=True) as outer:
        outer.watch(xs)
        gradients = tape(tf, f, xs, c, hs)
        weighted = [None if g is None else h * g for g, h in zip(gradients, hs)]
    return [per_batch(tf, outer, w, x) for w in weighted for x in xs]


# Wrappers: tf.function without AutoGraph, since a question holds no Python control flow on tensors


def compiled_inside(tf: Any, f: Any) -> Any:
    """The function on trial as a tf.function."""
    return tf.function(f, autograph=False)


def as_function(tf: Any, ask: Any, arguments: Any) -> Any:
    """The whole question as a tf.function."""
    return tf.function(ask, autograph=False)


def by_xla(tf: Any, ask: Any, arguments: Any) -> Any:
    """The whole question compiled by XLA."""
    return tf.function(ask, autograph=False, jit_compile=True)


def without_sizes(tf: Any, ask: Any, arguments: Any) -> Any:
    """The whole question as a tf.function that knows ranks but no size."""
    signature = tf.nest.map_structure(lambda t: tf.TensorSpec([None] * len(t.shape), t.dtype), arguments)
    return tf.function(ask, autograph=False, input_signature=signature)


def without_ranks(tf: Any, ask: Any, arguments: Any) -> Any:
    """The whole question as a tf.function that does not even know ranks."""
    signature = tf.nest.map_structure(lambda t: tf.TensorSpec(None, t.dtype), arguments)
    return tf.function(ask, autograph=False, input_signature=signature)


VJP = ("vjp", "vjp")
JACOBIAN = ("jacobian", "jacobian")
BATCH = ("batch_jacobian", "batch_jacobian")
FORWARD = "autodiff.ForwardAccumulator"
WHOLE = "GradientTape.jacobian"
EACH = "GradientTape.batch_jacobian"
XLA = "function(jit_compile)"

MODES = {
    mode.name: mode
    for mode in (
        Mode("tape", ("vjp", None), tape, None),
        Mode("persistent", VJP, persistent, persistent_twice),
        Mode("watched", VJP, watched, watched_twice, note="each input watched alone"),
        Mode("variable", VJP, variable, variable_twice),
        Mode("manual_watch", VJP, manual_watch, manual_watch_twice),
        Mode("nested", (None, "vjp"), None, nested, note="reverse over reverse"),
        Mode("forward", ("jvp", None), forward, None, FORWARD),
        Mode("forward_over_reverse", (None, "jvp_of_vjp"), None, forward_over_reverse, FORWARD),
        Mode("reverse_over_forward", (None, "vjp_of_jvp"), None, reverse_over_forward, FORWARD),
        Mode("forward_over_forward", (None, "jvp_of_jvp"), None, forward_over_forward, FORWARD),
        Mode("jacobian", JACOBIAN, jacobian, jacobian_twice, WHOLE),
        Mode("jacobian_loop", JACOBIAN, jacobian_loop, jacobian_loop_twice, WHOLE),
        Mode("batch_jacobian", BATCH, batch_jacobian, batch_jacobian_twice, EACH, note="vectors only"),
        Mode("function", VJP, tape, nested, outside=as_function),
        Mode("around", VJP, tape, nested, inside=compiled_inside),
        Mode("xla", VJP, tape, nested, XLA, outside=by_xla, traced=False, note="XLA fuses its kernels"),
        Mode("unknown_shape", VJP, tape, nested, "TensorSpec", outside=without_sizes),
        Mode("unknown_rank", VJP, tape, nested, "TensorSpec", outside=without_ranks),
    )
}

#: Apart, since only a few functions are asked so deep.
THIRD = {mode.name: mode for mode in (Mode("thrice", (None, None, "vjp"), None, None, third=thrice),)}
ALL_MODES = dict(MODES, **THIRD)


def has(tf: Any, path: str) -> bool:
    """Whether the library has the thing at this path, and the parameter in brackets behind it."""
    path, _, parameter = path.rstrip(")").partition("(")
    thing = tf
    for name in path.split(".") if path else ():
        if not hasattr(thing, name):
            return False
        thing = getattr(thing, name)
    return not parameter or parameter in inspect.signature(thing).parameters


def question(mode: Mode, tf: Any, f: Any, order: int, arguments: Any) -> Any:
    """The mode's question about f, ready to be called with (xs, c, hs); `arguments` is an example of them."""
    ask = {1: mode.first, 2: mode.second, 3: mode.third}[order]
    if ask is None:
        raise ValueError("mode {} has no order {}".format(mode.name, order))
    if not has(tf, mode.needs):
        raise NotImplementedError("this TensorFlow has no tf.{}".format(mode.needs))
    asked = f if mode.inside is None else mode.inside(tf, f)

    def run(xs: Any, c: Any, hs: Any) -> Answers:
        return ask(tf, asked, xs, c, hs)

    return run if mode.outside is None else mode.outside(tf, run, arguments)
