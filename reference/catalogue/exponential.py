"""Exponentials and logarithms of one argument, with their stable variants."""

from functools import partial

from reference.op import INF, Domain, NonNegative, Op

row = partial(Op, family="exponential")

ROWS = (
    row(
        "exp",
        primal=lambda sp, x: sp.exp(x),
        tf=lambda tf, x: tf.math.exp(x),
        vjp=lambda np, g, y, x: g * y,
    ),
    row(
        "expm1",
        primal=lambda sp, x: sp.exp(x) - 1,
        tf=lambda tf, x: tf.math.expm1(x),
        vjp=lambda np, g, y, x: g * np.exp(x),
    ),
    row(
        "log",
        primal=lambda sp, x: sp.log(x),
        tf=lambda tf, x: tf.math.log(x),
        vjp=lambda np, g, y, x: g / x,
        domain=(NonNegative,),
    ),
    row(
        "log1p",
        primal=lambda sp, x: sp.log(1 + x),
        tf=lambda tf, x: tf.math.log1p(x),
        vjp=lambda np, g, y, x: g / (1 + x),
        domain=(Domain(-1.0, INF),),
    ),
    row(
        "exp2",
        primal=lambda sp, x: 2**x,
        tf=lambda tf, x: tf.keras.ops.exp2(x),
        vjp=lambda np, g, y, x: g * y * np.log(np.float64("2")),
        note="pow with a constant base, which has a gradient by its exponent alone",
    ),
    row(
        "log2",
        primal=lambda sp, x: sp.log(x) / sp.log(2),
        tf=lambda tf, x: tf.keras.ops.log2(x),
        vjp=lambda np, g, y, x: g / (x * np.log(np.float64("2"))),
        domain=(NonNegative,),
    ),
    row(
        "log10",
        primal=lambda sp, x: sp.log(x) / sp.log(10),
        tf=lambda tf, x: tf.keras.ops.log10(x),
        vjp=lambda np, g, y, x: g / (x * np.log(np.float64("10"))),
        domain=(NonNegative,),
    ),
    row(
        "sigmoid",
        primal=lambda sp, x: 1 / (1 + sp.exp(-x)),
        tf=lambda tf, x: tf.math.sigmoid(x),
        vjp=lambda np, g, y, x: g * y * (1 - y),
    ),
    row(
        "log_sigmoid",
        primal=lambda sp, x: -sp.log(1 + sp.exp(-x)),
        tf=lambda tf, x: tf.math.log_sigmoid(x),
        vjp=lambda np, g, y, x: g / (1 + np.exp(x)),
    ),
    row(
        "softplus",
        primal=lambda sp, x: sp.log(1 + sp.exp(x)),
        tf=lambda tf, x: tf.math.softplus(x),
        vjp=lambda np, g, y, x: g / (1 + np.exp(-x)),
    ),
    row(
        "logit",
        primal=lambda sp, x: sp.log(x) - sp.log(1 - x),
        tf=lambda tf, x: tf.math.log(x) - tf.math.log1p(-x),
        vjp=lambda np, g, y, x: g / (x * (1 - x)),
        domain=(Domain(0.0, 1.0),),
        note="as users write it: TensorFlow has no logit of its own",
    ),
    row(
        "x_log_x",
        primal=lambda sp, x: x * sp.log(x),
        tf=lambda tf, x: tf.math.xlogy(x, x),
        vjp=lambda np, g, y, x: g * (np.log(x) + 1),
        domain=(NonNegative,),
        at=((0.36787944117144233,),),
        note="one input used twice; the value has a limit at 0, the derivative falls to -infinity",
    ),
)
