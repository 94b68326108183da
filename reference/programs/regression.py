"""Linear regression by gradient descent, in NumPy and in TensorFlow, as 000_15d68b7baeeb769e.txt teaches it."""

import numpy as np

AREA = [
    137.97, 104.50, 100.00, 124.32, 79.20, 99.00, 124.00, 114.00,
    106.69, 138.05, 53.75, 46.91, 68.00, 63.02, 81.26, 86.21,
]  # fmt: skip
ROOM = [3, 2, 2, 3, 1, 2, 3, 2, 2, 3, 1, 1, 1, 1, 2, 2]
PRICE = [
    145.00, 110.00, 93.00, 116.00, 65.32, 104.00, 118.00, 91.00,
    62.00, 133.00, 51.00, 45.00, 78.50, 69.65, 75.69, 95.30,
]  # fmt: skip


def univariate_numpy(_, rate=0.00001, iterations=100, gradient="mean", loss="after", seed=612, inputs=(AREA,),
                     targets=PRICE):  # fmt: skip
    """y = w x + b; the listing takes the loss after the update in one place, and before it in another."""
    x, y = np.array(inputs[0]), np.array(targets)
    np.random.seed(seed)
    w = np.random.randn()
    b = np.random.randn()
    averaged = {"mean": np.mean, "sum": np.sum}[gradient]

    def taken(w, b):
        return 0.5 * np.mean(np.square(y - (w * x + b)))

    yield {"w": w, "b": b}
    for _ in range(iterations + 1):
        before = taken(w, b)
        dL_dw = averaged(x * (w * x + b - y))
        dL_db = averaged(w * x + b - y)
        w = w - rate * dL_dw
        b = b - rate * dL_db
        yield {
            "loss": before if loss == "before" else taken(w, b),
            "w": w, "b": b, "dL_dw": dL_dw, "dL_db": dL_db,
        }  # fmt: skip


def univariate_tensorflow(tf, rate=0.0001, iterations=10, seed=612, inputs=(AREA,), targets=PRICE):
    """The same with a tape; the variables are float32, as TensorFlow makes them of a Python float."""
    x, y = np.array(inputs[0]), np.array(targets)
    np.random.seed(seed)
    w = tf.Variable(np.random.randn())
    b = tf.Variable(np.random.randn())
    yield {"w": w, "b": b}
    for _ in range(iterations + 1):
        with tf.GradientTape() as tape:
            pred = w * x + b
            loss = 0.5 * tf.reduce_mean(tf.square(y - pred))
        dL_dw, dL_db = tape.gradient(loss, [w, b])
        w.assign_sub(rate * dL_dw)
        b.assign_sub(rate * dL_db)
        yield {"loss": loss, "w": w, "b": b, "dL_dw": dL_dw, "dL_db": dL_db}


def design(inputs):
    """A column of ones, and each input scaled to [0, 1]."""
    columns = [np.array(column) for column in inputs]
    scaled = [(column - column.min()) / (column.max() - column.min()) for column in columns]
    return np.stack([np.ones(len(columns[0]))] + scaled, axis=1)


def multivariate_numpy(_, rate=0.01, iterations=50, gradient="sum", loss="before", seed=612, inputs=(AREA, ROOM),
                       targets=PRICE):  # fmt: skip
    """Y = X W; the first listing forgets to divide the gradient by the number of examples."""
    X, Y = design(inputs), np.array(targets).reshape(-1, 1)
    np.random.seed(seed)
    W = np.random.randn(X.shape[1], 1)

    def taken(W):
        return 0.5 * np.mean(np.square(Y - np.matmul(X, W)))

    yield {"W": W}
    for _ in range(iterations + 1):
        before = taken(W)
        dL_dW = np.matmul(np.transpose(X), np.matmul(X, W) - Y)
        if gradient == "mean":
            dL_dW = dL_dW / len(Y)
        W = W - rate * dL_dW
        yield {"loss": before if loss == "before" else taken(W), "W": W, "dL_dW": dL_dW}


def multivariate_tensorflow(tf, rate=0.2, iterations=50, seed=612, inputs=(AREA, ROOM), targets=PRICE):
    """The same with a tape; the variable is float64, as `np.random.randn(3, 1)` is."""
    X, Y = design(inputs), np.array(targets).reshape(-1, 1)
    np.random.seed(seed)
    W = tf.Variable(np.random.randn(X.shape[1], 1))
    yield {"W": W}
    for _ in range(iterations + 1):
        with tf.GradientTape() as tape:
            loss = 0.5 * tf.reduce_mean(tf.square(Y - tf.matmul(X, W)))
        dL_dW = tape.gradient(loss, W)
        W.assign_sub(rate * dL_dW)
        yield {"loss": loss, "W": W, "dL_dW": dL_dW}


PROGRAMS = (univariate_numpy, univariate_tensorflow, multivariate_numpy, multivariate_tensorflow)
