"""Activations: the functions that training puts between layers."""

from functools import partial

from reference.op import Op

row = partial(Op, family="activation")

SELU_SCALE = "1.0507009873554804934193349852946"
SELU_SCALE_ALPHA = "1.7580993408473768599402175208123"  # both as TensorFlow's relu_op_functor.h spells them
GELU_CUBIC = "0.044715"


def HALF(sp):  # noqa: N802 - a constant
    """The usual threshold of the shrinking activations."""
    return sp.Rational(1, 2)


def mish_vjp(np, g, y, x):
    """y = x t with t = tanh(softplus(x)), so dy/dx = t + x (1 - t^2) sigmoid(x)."""
    t = np.tanh(np.log1p(np.exp(x)))
    return g * (t + x * (1 - t * t) / (1 + np.exp(-x)))


def silu_vjp(np, g, y, x):
    """y = x s with s = sigmoid(x), so dy/dx = s (1 + x (1 - s))."""
    s = 1 / (1 + np.exp(-x))
    return g * s * (1 + x * (1 - s))


def gelu_approximate(sp, x):
    """The tanh approximation of Hendrycks and Gimpel, with its decimal constant."""
    inner = sp.sqrt(2 / sp.pi) * (x + sp.Rational(GELU_CUBIC) * x**3)
    return x * (1 + sp.tanh(inner)) / 2


def gelu_approximate_vjp(np, g, y, x):
    """y = x (1 + t) / 2 with t = tanh(u(x)), so dy/dx = (1 + t) / 2 + x (1 - t^2) u'(x) / 2."""
    root, cubic = np.sqrt(2 / np.pi), np.float64(GELU_CUBIC)
    t = np.tanh(root * (x + cubic * x * x * x))
    return g * ((1 + t) + x * (1 - t * t) * root * (1 + 3 * cubic * x * x)) / 2


ROWS = (
    row(
        "relu",
        primal=lambda sp, x: sp.Piecewise((0, x < 0), (x, True)),
        tf=lambda tf, x: tf.nn.relu(x),
        vjp=lambda np, g, y, x: g * np.where(x > 0, 1, 0),
        note="kink at 0: TensorFlow takes the left derivative, 0",
    ),
    row(
        "relu6",
        primal=lambda sp, x: sp.Piecewise((0, x < 0), (6, x > 6), (x, True)),
        tf=lambda tf, x: tf.nn.relu6(x),
        vjp=lambda np, g, y, x: g * np.where((x > 0) & (x < 6), 1, 0),
        note="kinks at 0 and 6: TensorFlow takes 0",
    ),
    row(
        "leaky_relu",
        primal=lambda sp, x: sp.Piecewise((x / 4, x < 0), (x, True)),
        tf=lambda tf, x: tf.nn.leaky_relu(x, alpha=0.25),
        vjp=lambda np, g, y, x: g * np.where(x > 0, 1, 0.25),
        note="kink at 0: TensorFlow takes alpha; alpha is a float32 attribute, so 1/4 and not 0.2",
    ),
    row(
        "elu",
        primal=lambda sp, x: sp.Piecewise((sp.exp(x) - 1, x < 0), (x, True)),
        tf=lambda tf, x: tf.nn.elu(x),
        vjp=lambda np, g, y, x: g * np.where(x < 0, np.exp(x), 1),
        note="once differentiable at 0: the second derivative jumps there",
    ),
    row(
        "selu",
        primal=lambda sp, x: sp.Piecewise(
            (sp.Rational(SELU_SCALE_ALPHA) * (sp.exp(x) - 1), x < 0), (sp.Rational(SELU_SCALE) * x, True)
        ),
        tf=lambda tf, x: tf.nn.selu(x),
        vjp=lambda np, g, y, x: g * np.where(x < 0, np.float64(SELU_SCALE_ALPHA) * np.exp(x), np.float64(SELU_SCALE)),
        note="kink at 0; the kernel rounds both constants to the dtype",
    ),
    row(
        "softsign",
        primal=lambda sp, x: sp.Piecewise((x / (1 - x), x < 0), (x / (1 + x), True)),
        tf=lambda tf, x: tf.nn.softsign(x),
        vjp=lambda np, g, y, x: g / ((1 + np.abs(x)) * (1 + np.abs(x))),
        note="once differentiable at 0: the second derivative jumps there",
    ),
    row(
        "silu",
        primal=lambda sp, x: x / (1 + sp.exp(-x)),
        tf=lambda tf, x: tf.nn.silu(x),
        vjp=silu_vjp,
    ),
    row(
        "gelu",
        primal=lambda sp, x: x * sp.erfc(-x / sp.sqrt(2)) / 2,
        tf=lambda tf, x: tf.nn.gelu(x),
        vjp=lambda np, g, y, x: g * (np.erfc(-x / np.sqrt(2)) / 2 + x * np.exp(-x * x / 2) / np.sqrt(2 * np.pi)),
        note="the exact sqrt(1/2); tf.cast takes TensorFlow's through float32",
    ),
    row(
        "gelu_approximate",
        primal=gelu_approximate,
        tf=lambda tf, x: tf.nn.gelu(x, approximate=True),
        vjp=gelu_approximate_vjp,
        note="the exact constants; tf.cast takes TensorFlow's 0.044715 through float32",
    ),
    row(
        "mish",
        primal=lambda sp, x: x * sp.tanh(sp.log(1 + sp.exp(x))),
        tf=lambda tf, x: tf.keras.activations.mish(x),
        vjp=mish_vjp,
    ),
    row(
        "celu",
        primal=lambda sp, x: sp.Piecewise((2 * (sp.exp(x / 2) - 1), x < 0), (x, True)),
        tf=lambda tf, x: tf.keras.activations.celu(x, alpha=2.0),
        vjp=lambda np, g, y, x: g * np.where(x < 0, np.exp(x / 2), 1),
        note="once differentiable at 0: the second derivative jumps there",
    ),
    row(
        "squareplus",
        primal=lambda sp, x: (x + sp.sqrt(x**2 + 4)) / 2,
        tf=lambda tf, x: tf.keras.activations.squareplus(x),
        vjp=lambda np, g, y, x: g * (1 + x / np.sqrt(x * x + 4)) / 2,
    ),
    row(
        "tanh_shrink",
        primal=lambda sp, x: x - sp.tanh(x),
        tf=lambda tf, x: tf.keras.activations.tanh_shrink(x),
        vjp=lambda np, g, y, x: g * np.tanh(x) * np.tanh(x),
    ),
    row(
        "hard_shrink",
        primal=lambda sp, x: sp.Piecewise((0, sp.And(x >= -HALF(sp), x <= HALF(sp))), (x, True)),
        tf=lambda tf, x: tf.keras.activations.hard_shrink(x),
        vjp=lambda np, g, y, x: g * np.where(np.abs(x) > 0.5, 1, 0),
        note="jumps at -1/2 and 1/2",
    ),
    row(
        "soft_shrink",
        primal=lambda sp, x: sp.Piecewise((x - HALF(sp), x > HALF(sp)), (x + HALF(sp), x < -HALF(sp)), (0, True)),
        tf=lambda tf, x: tf.keras.activations.soft_shrink(x),
        vjp=lambda np, g, y, x: g * np.where(np.abs(x) > 0.5, 1, 0),
        note="kinks at -1/2 and 1/2: TensorFlow takes 0",
    ),
    row(
        "hard_tanh",
        primal=lambda sp, x: sp.Piecewise((-1, x < -1), (1, x > 1), (x, True)),
        tf=lambda tf, x: tf.keras.activations.hard_tanh(x),
        vjp=lambda np, g, y, x: g * np.where((x >= -1) & (x <= 1), 1, 0),
        note="kinks at -1 and 1: TensorFlow takes 1",
    ),
    row(
        "hard_silu",
        primal=lambda sp, x: sp.Piecewise((0, x < -3), (x, x > 3), (x * (x + 3) / 6, True)),
        tf=lambda tf, x: tf.keras.activations.hard_silu(x),
        vjp=lambda np, g, y, x: g * np.where(x < -3, 0, np.where(x > 3, 1, (2 * x + 3) / 6)),
        note="kinks at -3 and 3",
    ),
    row(
        "threshold",
        primal=lambda sp, x: sp.Piecewise((x, x > HALF(sp)), (sp.Rational(1, 4), True)),
        tf=lambda tf, x: tf.keras.activations.threshold(x, 0.5, 0.25),
        vjp=lambda np, g, y, x: g * np.where(x > 0.5, 1, 0),
        note="jumps at 1/2",
    ),
    row(
        "sparse_plus",
        primal=lambda sp, x: sp.Piecewise((0, x <= -1), ((x + 1) ** 2 / 4, x < 1), (x, True)),
        tf=lambda tf, x: tf.keras.activations.sparse_plus(x),
        vjp=lambda np, g, y, x: g * np.where(x <= -1, 0, np.where(x < 1, (x + 1) / 2, 1)),
        note="once differentiable at -1 and 1: the second derivative jumps there",
    ),
    row(
        "sparse_sigmoid",
        primal=lambda sp, x: sp.Piecewise((0, x <= -1), (1, x >= 1), ((x + 1) / 2, True)),
        tf=lambda tf, x: tf.keras.activations.sparse_sigmoid(x),
        vjp=lambda np, g, y, x: g * np.where((x > -1) & (x < 1), 0.5, 0),
        note="kinks at -1 and 1: TensorFlow takes 0",
    ),
    row(
        "hard_sigmoid",
        primal=lambda sp, x: sp.Piecewise((0, x < -3), (1, x > 3), ((x + 3) / 6, True)),
        tf=lambda tf, x: tf.keras.activations.hard_sigmoid(x),
        vjp=lambda np, g, y, x: g * np.where((x > -3) & (x < 3), 1, 0) / 6,
        note="kinks at -3 and 3: TensorFlow takes 0; Keras 2 used the slope 0.2 instead of 1/6",
    ),
)
