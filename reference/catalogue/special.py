"""Special functions of one argument: error functions, the gamma family, Bessel functions."""

from functools import partial

from reference.op import Domain, Op, Unit

row = partial(Op, family="special")

WIDE = ("float32", "float64")  # TensorFlow has no other kernel for the function or for its gradient
NO_BFLOAT16 = ("float16", "float32", "float64")

# TensorFlow's Polygamma takes time in proportion to |x| at negative x (seconds at -1e8): no further than this.
ABOVE_FAR_POLES = Domain(-127.5)

ROWS = (
    row(
        "erf",
        primal=lambda sp, x: sp.erf(x),
        tf=lambda tf, x: tf.math.erf(x),
        vjp=lambda np, g, y, x: 2 * g * np.exp(-x * x) / np.sqrt(np.pi),
    ),
    row(
        "erfc",
        primal=lambda sp, x: sp.erfc(x),
        tf=lambda tf, x: tf.math.erfc(x),
        vjp=lambda np, g, y, x: -2 * g * np.exp(-x * x) / np.sqrt(np.pi),
    ),
    row(
        "erfinv",
        primal=lambda sp, x: sp.erfinv(x),
        tf=lambda tf, x: tf.math.erfinv(x),
        vjp=lambda np, g, y, x: g * np.sqrt(np.pi) * np.exp(y * y) / 2,
        domain=(Unit,),
        dtypes=WIDE,
    ),
    row(
        "ndtri",
        primal=lambda sp, x: sp.sqrt(2) * sp.erfinv(2 * x - 1),
        tf=lambda tf, x: tf.math.ndtri(x),
        vjp=lambda np, g, y, x: g * np.sqrt(2 * np.pi) * np.exp(y * y / 2),
        domain=(Domain(0.0, 1.0),),
        dtypes=WIDE,
        note="the quantile of the normal distribution",
    ),
    row(
        "lgamma",
        primal=lambda sp, x: sp.loggamma(x),
        tf=lambda tf, x: tf.math.lgamma(x),
        vjp=lambda np, g, y, x: g * np.digamma(x),
        domain=(ABOVE_FAR_POLES,),
        dtypes=NO_BFLOAT16,
        at=((1.0,), (2.0,), (1.4616321449683622,), (-0.5,), (-2.457024738220801,)),
        note="log|gamma(x)|, the real part of loggamma; poles at 0, -1, -2, ...",
    ),
    row(
        "digamma",
        primal=lambda sp, x: sp.digamma(x),
        tf=lambda tf, x: tf.math.digamma(x),
        vjp=lambda np, g, y, x: g * np.trigamma(x),
        domain=(ABOVE_FAR_POLES,),
        dtypes=WIDE,
        at=((1.4616321449683622,), (-0.5,), (-0.504083008264455,)),
        note="poles at 0, -1, -2, ...",
    ),
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
)
