"""The tape and four ways to a minimum, as the notebook 004_de008550b854f71c.txt teaches them."""


def constants(tf):
    """a, b and c of a x² + b x + c, which is (x − 1)²."""
    return tf.constant(1.0), tf.constant(-2.0), tf.constant(1.0)


def tape_gradients(tf):
    """Of 2 xᵀx, of x⁴ by x and x² by x, of a x² + b x + c by all four, to the second order, and swapped."""
    a, b, c = constants(tf)
    column = tf.reshape(tf.Variable(range(4), dtype=tf.float32), (4, 1))
    with tf.GradientTape() as tape:
        tape.watch(column)
        y = 2 * tf.matmul(tf.transpose(column), column)
    twice = tape.gradient(y, column)

    with tf.GradientTape(persistent=True) as tape:
        tape.watch(column)
        y = column * column
        z = y * y
    dz_dx = tape.gradient(z, column)
    dy_dx = tape.gradient(y, column)

    x = tf.Variable(0.0, name="x", dtype=tf.float32)
    with tf.GradientTape() as tape:
        tape.watch([a, b, c])
        y = a * tf.pow(x, 2.0) + b * x + c
    by_x, by_a, by_b, by_c = tape.gradient(y, [x, a, b, c])

    with tf.GradientTape() as second:
        with tf.GradientTape() as first:
            y = a * tf.pow(x, 2.0) + b * x + c
        slope = first.gradient(y, x)
    yield {
        "column": column, "twice": twice, "dz_dx": dz_dx, "dy_dx": dy_dx, "by_x": by_x, "by_a": by_a,
        "by_b": by_b, "by_c": by_c, "slope": slope, "curvature": second.gradient(slope, x),
    }  # fmt: skip


def swapped_gradient(tf):
    """`gradient(x, y)` where `gradient(y, x)` is meant, under autograph: None, for x does not depend on y."""

    @tf.function
    def swapped(x):
        a, b, c = constants(tf)
        x = tf.cast(x, tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = a * tf.pow(x, 2.0) + b * x + c
        return x, tape.gradient(x, y)

    (x, gradient), (other, again) = swapped(x=2), swapped(x=-2)
    yield {"x": x, "gradient": gradient, "other": other, "again": again}


def minimum_by_hand(tf, rate=0.01, iterations=100):
    """`assign`; y is the value of the last tape, taken before the last update."""
    a, b, c = constants(tf)
    x = tf.Variable(0.0, name="x", dtype=tf.float32)
    rate = tf.constant(rate)
    yield {"x": x}
    for _ in range(iterations):
        with tf.GradientTape() as tape:
            y = a * tf.pow(x, 2.0) + b * x + c
        dy_dx = tape.gradient(y, x)
        x.assign(x - dy_dx * rate)
        yield {"x": x, "y": y, "dy_dx": dy_dx}


def minimum_by_sgd(tf, rate=0.01, iterations=100):
    """`apply_gradients`; y is the value of the last tape, taken before the last update."""
    a, b, c = constants(tf)
    x = tf.Variable(0.0, name="x", dtype=tf.float32)
    optimizer = tf.keras.optimizers.SGD(learning_rate=rate)
    yield {"x": x}
    for _ in range(iterations):
        with tf.GradientTape() as tape:
            y = a * tf.pow(x, 2.0) + b * x + c
        dy_dx = tape.gradient(y, x)
        optimizer.apply_gradients(grads_and_vars=[(dy_dx, x)])
        yield {"x": x, "y": y, "dy_dx": dy_dx}


def minimize(tf, optimizer, f, x):
    """The optimizer's own `minimize`; written out where it has none, as from Keras 3 on."""
    if hasattr(optimizer, "minimize"):
        optimizer.minimize(f, [x])
        return
    with tf.GradientTape() as tape:
        y = f()
    optimizer.apply_gradients([(tape.gradient(y, x), x)])


def parabola(tf, x):
    """A function without arguments, as `minimize` wants it; its exponent is an integer."""

    def f():
        a, b, c = constants(tf)
        return a * tf.pow(x, 2) + b * x + c

    return f


def minimum_by_minimize(tf, rate=0.01, iterations=100):
    """`minimize`; y is taken after the update."""
    x = tf.Variable(0.0, name="x", dtype=tf.float32)
    f = parabola(tf, x)
    optimizer = tf.keras.optimizers.SGD(learning_rate=rate)
    yield {"x": x, "y": f()}
    for _ in range(iterations):
        minimize(tf, optimizer, f, x)
        yield {"x": x, "y": f()}


def minimum_in_graph(tf, rate=0.01, iterations=100):
    """`apply_gradients` in a `tf.function` with `tf.range`; only the end is seen."""
    x = tf.Variable(0.0, name="x", dtype=tf.float32)
    optimizer = tf.keras.optimizers.SGD(learning_rate=rate)

    @tf.function
    def train():
        a, b, c = constants(tf)
        for _ in tf.range(iterations):
            with tf.GradientTape() as tape:
                y = a * tf.pow(x, 2) + b * x + c
            dy_dx = tape.gradient(y, x)
            optimizer.apply_gradients(grads_and_vars=[(dy_dx, x)])
        y = a * tf.pow(x, 2) + b * x + c
        return y

    yield {"x": 0.0}
    yield {"y": train(), "x": x}


def minimum_by_minimize_in_graph(tf, rate=0.01, iterations=1000):
    """`minimize` in a `tf.function` whose number of steps is an argument."""
    x = tf.Variable(0.0, name="x", dtype=tf.float32)
    f = tf.function(parabola(tf, x))
    optimizer = tf.keras.optimizers.SGD(learning_rate=rate)

    @tf.function
    def train(epochs):
        for _ in tf.range(epochs):
            minimize(tf, optimizer, f, x)
        return f()

    yield {"x": 0.0}
    yield {"y": train(iterations), "x": x}


PROGRAMS = (
    tape_gradients, swapped_gradient, minimum_by_hand, minimum_by_sgd, minimum_by_minimize, minimum_in_graph,
    minimum_by_minimize_in_graph,
)  # fmt: skip
