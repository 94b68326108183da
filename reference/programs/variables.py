"""Variables and the tape, as 001_bafd1e74f49200b5.txt teaches them: partial derivatives, then regression again."""

from reference.programs.regression import AREA, PRICE, ROOM, multivariate_tensorflow, univariate_tensorflow


def partial_derivatives(tf):
    """Of y = x² at 3, and of f = x² + 2y² + 1 at (3, 4), to the second order; the page lost its own code."""
    x = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = tf.square(x)
    dy_dx = tape.gradient(y, x)

    x, z = tf.Variable(3.0), tf.Variable(4.0)
    with tf.GradientTape(persistent=True) as second:
        with tf.GradientTape(persistent=True) as first:
            f = tf.square(x) + 2 * tf.square(z) + 1
        df_dx, df_dz = first.gradient(f, [x, z])
    yield {
        "y": y, "dy_dx": dy_dx, "f": f, "df_dx": df_dx, "df_dz": df_dz,
        "d2f_dx2": second.gradient(df_dx, x), "d2f_dz2": second.gradient(df_dz, z),
    }  # fmt: skip


def longer_univariate(tf, rate=0.0001, iterations=100, seed=612, inputs=(AREA,), targets=PRICE):
    """The univariate regression, ten times as long."""
    return univariate_tensorflow(tf, rate, iterations, seed, inputs, targets)


def longer_multivariate(tf, rate=0.001, iterations=500, seed=612, inputs=(AREA, ROOM), targets=PRICE):
    """The multivariate regression, in small steps."""
    return multivariate_tensorflow(tf, rate, iterations, seed, inputs, targets)


PROGRAMS = (partial_derivatives, longer_univariate, longer_multivariate)
