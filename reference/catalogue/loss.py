"""Losses, element by element: predictions and labels as users hand them over, saturated and zero ones included.

Keras means over the last axis, so that every point is handed over as a row of one element.
"""

from functools import partial

from reference.op import INF, Domain, NonNegative, Op, Reals

row = partial(Op, family="loss")

BOTH = (Reals, Reals)
UNIT = Domain(0.0, 1.0)
EPSILON = 1e-7  # keras.config.epsilon(), a float64


def clipped(sp, x):
    """Between epsilon and one."""
    low = sp.Rational(*EPSILON.as_integer_ratio())
    return sp.Piecewise((low, x < low), (1, x > 1), (x, True))


def kept_inside(sp, x):
    """Between epsilon and one less epsilon."""
    low, high = (sp.Rational(*end.as_integer_ratio()) for end in (EPSILON, 1 - EPSILON))
    return sp.Piecewise((low, x < low), (high, x > high), (x, True))


def at_least(sp, x):
    """Not below epsilon."""
    low = sp.Rational(*EPSILON.as_integer_ratio())
    return sp.Piecewise((low, x < low), (x, True))


def cross_entropy(sp, a, b):
    """Of a probability with a label."""
    p = kept_inside(sp, a)
    return -(b * sp.log(p) + (1 - b) * sp.log(1 - p))


def cross_entropy_vjp(np, g, y, a, b):
    """Zero by a prediction that was clipped."""
    low = np.float64(EPSILON)
    p = np.where(a < low, low, np.where(a > 1 - low, 1 - low, a))
    held = np.where((a < low) | (a > 1 - low), 0, 1)
    return g * held * ((1 - b) / (1 - p) - b / p), g * (np.log1p(-p) - np.log(p))


def focal_vjp(np, g, y, a, b):
    """Of m^2 times the cross entropy, where m = a + b - 2 a b is how far the prediction is from the label."""
    low, m = np.float64(EPSILON), a + b - 2 * a * b
    p = np.where(a < low, low, np.where(a > 1 - low, 1 - low, a))
    entropy = -(b * np.log(p) + (1 - b) * np.log1p(-p))
    by_a, by_b = cross_entropy_vjp(np, g, y, a, b)
    return m * m * by_a + 2 * g * m * (1 - 2 * b) * entropy, m * m * by_b + 2 * g * m * (1 - 2 * a) * entropy


def kl_vjp(np, g, y, a, b):
    """Of b log(b / a), both clipped."""
    low = np.float64(EPSILON)
    p, q = np.where(a < low, low, a), np.where(b < low, low, b)
    return -g * np.where(a < low, 0, 1) * q / p, g * np.where(b < low, 0, 1) * (np.log(q / p) + 1)


def percentage_vjp(np, g, y, a, b):
    """Of 100 |b - a| / max(|b|, epsilon)."""
    low = np.float64(EPSILON)
    size = np.where(np.abs(b) < low, low, np.abs(b))
    rate = 100 * g * np.sign(a - b) / size
    return rate, np.where(np.abs(b) < low, -rate, -rate * a / np.where(b == 0, 1, b))


def logarithmic_vjp(np, g, y, a, b):
    """Of (log(a + 1) - log(b + 1))^2, both clipped below."""
    low = np.float64(EPSILON)
    p, q = np.where(a < low, low, a), np.where(b < low, low, b)
    rate = 2 * g * (np.log1p(p) - np.log1p(q))
    return rate * np.where(a < low, 0, 1) / (1 + p), -rate * np.where(b < low, 0, 1) / (1 + q)


ROWS = (
    row(
        "clip_by_value",
        primal=lambda sp, x, low, high: sp.Max(sp.Min(x, high), low),
        tf=lambda tf, x, low, high: tf.clip_by_value(x, low, high),
        vjp=lambda np, g, y, x, low, high: (
            g * np.where((x <= high) & (x >= low), 1, 0),
            g * np.where(np.where(x <= high, x, high) >= low, 0, 1),
            g * np.where((x > high) & (high >= low), 1, 0),
        ),
        domain=(Reals, Reals, Reals),
        at=((0.0, -1.0, 1.0), (1.0, -1.0, 1.0), (-1.0, -1.0, 1.0), (5.0, -1.0, 1.0)),
        note="by its bounds too; kinks at both",
    ),
    row(
        "weighted_cross_entropy",
        primal=lambda sp, a, b, w: (1 - b) * a + (1 + (w - 1) * b) * sp.log(1 + sp.exp(-a)),
        tf=lambda tf, a, b, w: tf.nn.weighted_cross_entropy_with_logits(labels=b, logits=a, pos_weight=w),
        vjp=lambda np, g, y, a, b, w: (
            g * ((1 - b) - (1 + (w - 1) * b) / (1 + np.exp(a))),
            g * (-a + (w - 1) * np.log1p(np.exp(-a))),
            g * b * np.log1p(np.exp(-a)),
        ),
        domain=(Reals, UNIT, NonNegative),
        at=((0.0, 0.0, 1.0), (0.0, 1.0, 2.0), (50.0, 1.0, 2.0), (-50.0, 0.0, 2.0)),
        note="a is the logit, b the label, w its weight; smooth at a = 0, although TensorFlow composes it from kinks",
    ),
    row(
        "log_poisson_loss",
        primal=lambda sp, a, b: sp.exp(a) - a * b,
        tf=lambda tf, a, b: tf.nn.log_poisson_loss(targets=b, log_input=a),
        vjp=lambda np, g, y, a, b: (g * (np.exp(a) - b), -g * a),
        domain=(Reals, NonNegative),
        note="a is the logarithm of the rate, b the count",
    ),
    row(
        "log_poisson_loss_full",
        primal=lambda sp, a, b: (
            sp.exp(a)
            - a * b
            + sp.Piecewise((0, sp.And(b >= 0, b <= 1)), (b * sp.log(b) - b + sp.log(2 * sp.pi * b) / 2, True))
        ),
        tf=lambda tf, a, b: tf.nn.log_poisson_loss(targets=b, log_input=a, compute_full_loss=True),
        vjp=lambda np, g, y, a, b: (
            g * (np.exp(a) - b),
            g * (np.where(b <= 1, 0, np.log(b) + 1 / (2 * np.where(b == 0, 1, b))) - a),
        ),
        domain=(Reals, NonNegative),
        at=((0.0, 1.0), (0.0, 2.0)),
        note="with Stirling's approximation of log b!, which is left out up to b = 1, where the loss jumps",
    ),
    row(
        "binary_crossentropy",
        primal=cross_entropy,
        tf=lambda tf, a, b: tf.keras.losses.binary_crossentropy(tf.expand_dims(b, -1), tf.expand_dims(a, -1)),
        vjp=cross_entropy_vjp,
        domain=(UNIT, UNIT),
        at=((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0), (1e-7, 1.0)),
        note="a is a probability, clipped to [epsilon, 1 - epsilon], b the label",
    ),
    row(
        "binary_focal_crossentropy",
        primal=lambda sp, a, b: (1 - (b * a + (1 - b) * (1 - a))) ** 2 * cross_entropy(sp, a, b),
        tf=lambda tf, a, b: tf.keras.losses.binary_focal_crossentropy(tf.expand_dims(b, -1), tf.expand_dims(a, -1)),
        vjp=focal_vjp,
        domain=(UNIT, UNIT),
        at=((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0)),
        note="a is a probability, b the label; gamma is 2",
    ),
    row(
        "kl_divergence",
        primal=lambda sp, a, b: clipped(sp, b) * (sp.log(clipped(sp, b)) - sp.log(clipped(sp, a))),
        tf=lambda tf, a, b: tf.keras.losses.KLD(tf.expand_dims(b, -1), tf.expand_dims(a, -1)),
        vjp=kl_vjp,
        domain=(UNIT, UNIT),
        at=((0.0, 0.0), (0.5, 0.0), (0.0, 0.5), (0.25, 0.25)),
        note="b log(b / a), both clipped to [epsilon, 1]",
    ),
    row(
        "poisson",
        primal=lambda sp, a, b: a - b * sp.log(a + sp.Rational(*EPSILON.as_integer_ratio())),
        tf=lambda tf, a, b: tf.keras.losses.poisson(tf.expand_dims(b, -1), tf.expand_dims(a, -1)),
        vjp=lambda np, g, y, a, b: (
            g * (1 - b / (a + np.float64(EPSILON))),
            -g * np.log(a + np.float64(EPSILON)),
        ),
        domain=(NonNegative, NonNegative),
        at=((0.0, 0.0), (0.0, 1.0), (1.0, 0.0)),
        note="a is the rate, b the count",
    ),
    row(
        "mean_squared_error",
        primal=lambda sp, a, b: (b - a) ** 2,
        tf=lambda tf, a, b: tf.keras.losses.MSE(tf.expand_dims(b, -1), tf.expand_dims(a, -1)),
        vjp=lambda np, g, y, a, b: (-2 * g * (b - a), 2 * g * (b - a)),
        domain=BOTH,
        at=((1.0, 1.0), (0.0, 1.0)),
    ),
    row(
        "mean_absolute_error",
        primal=lambda sp, a, b: sp.Abs(b - a),
        tf=lambda tf, a, b: tf.keras.losses.MAE(tf.expand_dims(b, -1), tf.expand_dims(a, -1)),
        vjp=lambda np, g, y, a, b: (-g * np.sign(b - a), g * np.sign(b - a)),
        domain=BOTH,
        at=((1.0, 1.0), (0.0, 1.0)),
        note="kink at a = b: TensorFlow takes 0",
    ),
    row(
        "mean_absolute_percentage_error",
        primal=lambda sp, a, b: 100 * sp.Abs(b - a) / at_least(sp, sp.Abs(b)),
        tf=lambda tf, a, b: tf.keras.losses.MAPE(tf.expand_dims(b, -1), tf.expand_dims(a, -1)),
        vjp=percentage_vjp,
        domain=BOTH,
        at=((1.0, 0.0), (0.0, 1.0), (1.0, 1.0), (-1.0, 2.0)),
        note="kink at a = b; the label's size is at least epsilon",
    ),
    row(
        "mean_squared_logarithmic_error",
        primal=lambda sp, a, b: (sp.log(at_least(sp, a) + 1) - sp.log(at_least(sp, b) + 1)) ** 2,
        tf=lambda tf, a, b: tf.keras.losses.MSLE(tf.expand_dims(b, -1), tf.expand_dims(a, -1)),
        vjp=logarithmic_vjp,
        domain=(Domain(-1.0, INF), Domain(-1.0, INF)),
        at=((0.0, 0.0), (1.0, 1.0), (0.0, 1.0), (3.0, 1.0)),
        note="both clipped to epsilon from below",
    ),
    row(
        "huber",
        primal=lambda sp, a, b: sp.Piecewise(
            ((a - b) ** 2 / 2, sp.And(a - b <= 1, a - b >= -1)),
            (a - b - sp.Rational(1, 2), a - b > 1),
            (b - a - sp.Rational(1, 2), True),
        ),
        tf=lambda tf, a, b: tf.keras.losses.huber(tf.expand_dims(b, -1), tf.expand_dims(a, -1)),
        vjp=lambda np, g, y, a, b: (
            g * np.where(np.abs(a - b) <= 1, a - b, np.sign(a - b)),
            -g * np.where(np.abs(a - b) <= 1, a - b, np.sign(a - b)),
        ),
        domain=BOTH,
        at=((1.0, 1.0), (0.0, 1.0), (3.0, 1.0), (2.0, 1.0)),
        note="once differentiable where |a - b| is 1: the second derivative jumps there",
    ),
    row(
        "log_cosh",
        primal=lambda sp, a, b: sp.log(sp.cosh(a - b)),
        tf=lambda tf, a, b: tf.keras.losses.logcosh(tf.expand_dims(b, -1), tf.expand_dims(a, -1)),
        vjp=lambda np, g, y, a, b: (g * np.tanh(a - b), -g * np.tanh(a - b)),
        domain=BOTH,
        at=((1.0, 1.0), (0.0, 1.0), (100.0, 0.0)),
    ),
    row(
        "hinge",
        primal=lambda sp, x: sp.Piecewise((1 + x, x > -1), (0, True)),
        tf=lambda tf, x: tf.keras.losses.hinge(-tf.ones_like(tf.expand_dims(x, -1)), tf.expand_dims(x, -1)),
        vjp=lambda np, g, y, x: g * np.where(x > -1, 1, 0),
        note="with the label -1; kink at -1: TensorFlow gives the whole cotangent to the first of maximum's arguments",
    ),
    row(
        "squared_hinge",
        primal=lambda sp, x: sp.Piecewise(((1 + x) ** 2, x > -1), (0, True)),
        tf=lambda tf, x: tf.keras.losses.squared_hinge(-tf.ones_like(tf.expand_dims(x, -1)), tf.expand_dims(x, -1)),
        vjp=lambda np, g, y, x: g * np.where(x > -1, 2 * (1 + x), 0),
        note="with the label -1; once differentiable at -1",
    ),
)
