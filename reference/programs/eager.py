"""Regression on random data, by hand and as a Keras model, as 003_575636c7967744e2.txt teaches it."""


def samples(tf, examples, seed):
    """Inputs and targets: 3 x + 2 and noise; without a seed every run draws others."""
    if seed is not None:
        tf.random.set_seed(seed)
    inputs = tf.random.normal([examples])
    noise = tf.random.normal([examples])
    return inputs, inputs * 3 + 2 + noise


def eager_by_hand(tf, rate=0.01, iterations=200, examples=1000, seed=None):
    """Functions for the prediction, the loss and the gradient; the loss is taken after the update."""
    inputs, targets = samples(tf, examples, seed)

    def loss(weight, bias):
        return tf.reduce_mean(tf.square(inputs * weight + bias - targets))

    def gradient(weight, bias):
        with tf.GradientTape() as tape:
            value = loss(weight, bias)
        return tape.gradient(value, [weight, bias])

    W = tf.Variable(5.0)
    B = tf.Variable(10.0)
    yield {"W": W, "B": B, "loss": loss(W, B), "inputs": inputs, "targets": targets}
    for _ in range(iterations):
        dW, dB = gradient(W, B)
        W.assign_sub(dW * rate)
        B.assign_sub(dB * rate)
        yield {"W": W, "B": B, "loss": loss(W, B), "dW": dW, "dB": dB}


def eager_as_model(tf, rate=0.01, iterations=300, examples=2000, seed=None):
    """A Keras model that holds the variables, and an optimizer that changes them."""

    class Model(tf.keras.Model):
        def __init__(self):
            super(Model, self).__init__()
            self.W = tf.Variable(5.0, name="weight")
            self.B = tf.Variable(10.0, name="bias")

        def call(self, inputs):
            return inputs * self.W + self.B

    inputs, targets = samples(tf, examples, seed)
    model = Model()
    optimizer = tf.keras.optimizers.SGD(learning_rate=rate)

    def loss():
        return tf.reduce_mean(tf.square(model(inputs) - targets))

    yield {"W": model.W, "B": model.B, "loss": loss(), "inputs": inputs, "targets": targets}
    for _ in range(iterations):
        with tf.GradientTape() as tape:
            value = loss()
        dW, dB = tape.gradient(value, [model.W, model.B])
        optimizer.apply_gradients([(dW, model.W), (dB, model.B)])
        yield {"W": model.W, "B": model.B, "loss": loss(), "dW": dW, "dB": dB}


PROGRAMS = (eager_by_hand, eager_as_model)
