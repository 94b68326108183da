"""Special functions of one argument: error functions, the gamma family, and integrals that have names."""

from functools import partial

from reference.op import Domain, NonNegative, Op, Unit

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
        "polygamma_1",
        primal=lambda sp, x: sp.polygamma(1, x),
        tf=lambda tf, x: tf.math.polygamma(tf.ones_like(x), x),
        vjp=lambda np, g, y, x: g * np.polygamma(2, x),
        domain=(ABOVE_FAR_POLES,),
        dtypes=WIDE,
        at=((-0.5,), (1.5,)),
        note="by x; by its order, an integer, it has no derivative; poles at 0, -1, -2, ...",
    ),
    row(
        "zeta",
        primal=lambda sp, x: sp.zeta(sp.Rational(5, 2), x),
        tf=lambda tf, x: tf.math.zeta(tf.fill(tf.shape(x), tf.constant(2.5, x.dtype)), x),
        vjp=lambda np, g, y, x: -2.5 * g * np.zeta(3.5, x),
        domain=(NonNegative,),
        dtypes=WIDE,
        note="Hurwitz zeta at order 5/2, by its second argument",
    ),
    row(
        "erfcinv",
        primal=lambda sp, x: sp.erfcinv(x),
        tf=lambda tf, x: tf.math.erfcinv(x),
        vjp=lambda np, g, y, x: -g * np.sqrt(np.pi) * np.exp(y * y) / 2,
        domain=(Domain(0.0, 2.0),),
        dtypes=WIDE,
        note="composed of ndtri",
    ),
    row(
        "dawsn",
        primal=lambda sp, x: x * sp.hyper([1], [sp.Rational(3, 2)], -(x**2)),
        tf=lambda tf, x: tf.math.special.dawsn(x),
        vjp=lambda np, g, y, x: g * (1 - 2 * x * y),
        dtypes=WIDE,
        at=((0.9241388730045916,),),
        note="Dawson's integral: exp(-x^2) times the integral of exp(t^2) from 0 to x",
    ),
    row(
        "expint",
        primal=lambda sp, x: sp.Ei(x),
        tf=lambda tf, x: tf.math.special.expint(x),
        vjp=lambda np, g, y, x: g * np.exp(x) / x,
        domain=(NonNegative,),
        dtypes=WIDE,
        at=((0.37250741078136663,),),
        note="Ei, which TensorFlow defines for positive arguments alone",
    ),
    row(
        "fresnel_cos",
        primal=lambda sp, x: sp.fresnelc(x),
        tf=lambda tf, x: tf.math.special.fresnel_cos(x),
        vjp=lambda np, g, y, x: g * np.cos(np.pi * x * x / 2),
        dtypes=WIDE,
    ),
    row(
        "fresnel_sin",
        primal=lambda sp, x: sp.fresnels(x),
        tf=lambda tf, x: tf.math.special.fresnel_sin(x),
        vjp=lambda np, g, y, x: g * np.sin(np.pi * x * x / 2),
        dtypes=WIDE,
    ),
    row(
        "spence",
        primal=lambda sp, x: sp.polylog(2, 1 - x),
        tf=lambda tf, x: tf.math.special.spence(x),
        vjp=lambda np, g, y, x: g * np.log(x) / (1 - x),
        domain=(NonNegative,),
        dtypes=WIDE,
        at=((1.0,),),
        note="the dilogarithm of 1 - x; its derivative log(x) / (1 - x) has a removable singularity at 1",
    ),
)
