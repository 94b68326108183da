"""Bessel functions of order 0 and 1: of both kinds, modified ones, and the modified ones scaled."""

from functools import partial

from reference.op import NonNegative, Op

row = partial(Op, family="special")

WIDE = ("float32", "float64")  # TensorFlow has no other kernel for the function or for its gradient
NO_BFLOAT16 = ("float16", "float32", "float64")

ROWS = (
    row(
        "bessel_i0",
        primal=lambda sp, x: sp.besseli(0, x),
        tf=lambda tf, x: tf.math.bessel_i0(x),
        vjp=lambda np, g, y, x: g * np.bessel_i(1, x),
        dtypes=NO_BFLOAT16,
    ),
    row(
        "bessel_i1",
        primal=lambda sp, x: sp.besseli(1, x),
        tf=lambda tf, x: tf.math.bessel_i1(x),
        vjp=lambda np, g, y, x: g * (np.bessel_i(0, x) + np.bessel_i(2, x)) / 2,
        dtypes=NO_BFLOAT16,
    ),
    row(
        "bessel_i0e",
        primal=lambda sp, x: sp.Piecewise((sp.exp(x), x < 0), (sp.exp(-x), True)) * sp.besseli(0, x),
        tf=lambda tf, x: tf.math.bessel_i0e(x),
        vjp=lambda np, g, y, x: g * (np.exp(-np.abs(x)) * np.bessel_i(1, x) - np.sign(x) * y),
        dtypes=NO_BFLOAT16,
        note="kink at 0: TensorFlow takes 0, the middle of the subgradients",
    ),
    row(
        "bessel_i1e",
        primal=lambda sp, x: sp.Piecewise((sp.exp(x), x < 0), (sp.exp(-x), True)) * sp.besseli(1, x),
        tf=lambda tf, x: tf.math.bessel_i1e(x),
        vjp=lambda np, g, y, x: g * (np.exp(-np.abs(x)) * (np.bessel_i(0, x) + np.bessel_i(2, x)) / 2 - np.sign(x) * y),
        dtypes=NO_BFLOAT16,
        note="once differentiable at 0: the second derivative jumps there",
    ),
    row(
        "bessel_i1_over_x",
        primal=lambda sp, x: sp.besseli(1, x) / x,
        tf=lambda tf, x: tf.math.bessel_i1(x) / x,
        vjp=lambda np, g, y, x: g * (np.bessel_i(1, x) - np.bessel_i(3, x)) / 4,
        dtypes=NO_BFLOAT16,
        note="removable singularity at 0, which TensorFlow's quotient does not remove",
    ),
    row(
        "bessel_j0",
        primal=lambda sp, x: sp.besselj(0, x),
        tf=lambda tf, x: tf.math.special.bessel_j0(x),
        vjp=lambda np, g, y, x: -g * np.bessel_j(1, x),
        dtypes=WIDE,
    ),
    row(
        "bessel_j1",
        primal=lambda sp, x: sp.besselj(1, x),
        tf=lambda tf, x: tf.math.special.bessel_j1(x),
        vjp=lambda np, g, y, x: g * (np.bessel_j(0, x) - np.bessel_j(2, x)) / 2,
        dtypes=WIDE,
    ),
    row(
        "bessel_y0",
        primal=lambda sp, x: sp.bessely(0, x),
        tf=lambda tf, x: tf.math.special.bessel_y0(x),
        vjp=lambda np, g, y, x: -g * np.bessel_y(1, x),
        domain=(NonNegative,),
        dtypes=WIDE,
    ),
    row(
        "bessel_y1",
        primal=lambda sp, x: sp.bessely(1, x),
        tf=lambda tf, x: tf.math.special.bessel_y1(x),
        vjp=lambda np, g, y, x: g * (np.bessel_y(0, x) - np.bessel_y(2, x)) / 2,
        domain=(NonNegative,),
        dtypes=WIDE,
    ),
    row(
        "bessel_k0",
        primal=lambda sp, x: sp.besselk(0, x),
        tf=lambda tf, x: tf.math.special.bessel_k0(x),
        vjp=lambda np, g, y, x: -g * np.bessel_k(1, x),
        domain=(NonNegative,),
        dtypes=WIDE,
    ),
    row(
        "bessel_k1",
        primal=lambda sp, x: sp.besselk(1, x),
        tf=lambda tf, x: tf.math.special.bessel_k1(x),
        vjp=lambda np, g, y, x: -g * (np.bessel_k(0, x) + np.bessel_k(2, x)) / 2,
        domain=(NonNegative,),
        dtypes=WIDE,
    ),
    row(
        "bessel_k0e",
        primal=lambda sp, x: sp.exp(x) * sp.besselk(0, x),
        tf=lambda tf, x: tf.math.special.bessel_k0e(x),
        vjp=lambda np, g, y, x: g * (y - np.exp(x) * np.bessel_k(1, x)),
        domain=(NonNegative,),
        dtypes=WIDE,
    ),
    row(
        "bessel_k1e",
        primal=lambda sp, x: sp.exp(x) * sp.besselk(1, x),
        tf=lambda tf, x: tf.math.special.bessel_k1e(x),
        vjp=lambda np, g, y, x: g * (y - np.exp(x) * (np.bessel_k(0, x) + np.bessel_k(2, x)) / 2),
        domain=(NonNegative,),
        dtypes=WIDE,
    ),
)
