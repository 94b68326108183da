"""Adam on (x − 50)², as 002_1fbed0b62ac8e04c.txt teaches it."""


def loss_of(x):
    """The function that stands for a loss."""
    return (x - 50) ** 2


def adam(tf, rate=1.0, iterations=200, start=3.0):
    """Two hundred steps from 3; the first record has the derivative there."""
    x = tf.Variable(start)
    optimizer = tf.keras.optimizers.Adam(float(rate))

    def derivative():
        with tf.GradientTape() as tape:
            y = loss_of(x)
        return tape.gradient(y, [x])

    yield {"x": x, "y": loss_of(x), "dy_dx": derivative()[0]}
    for _ in range(iterations):
        gradients = derivative()
        optimizer.apply_gradients(zip(gradients, [x]))
        yield {"x": x, "y": loss_of(x), "dy_dx": gradients[0]}


PROGRAMS = (adam,)
