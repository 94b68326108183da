"""Special functions of one argument: error functions, the gamma family, and integrals that have names."""

from functools import partial

from reference.op import Domain, NonNegative, Op, Unit

row = partial(Op, family="special")

WIDE = ("float32", "float64")  # TensorFlow has no other kernel for the function or for its gradient
NO_BFLOAT16 = ("float16", "float32", "float64")

# TensorFlow's Polygamma takes time in proportion to |x| at negative x (seconds at -1e8): no further than this.
ABOVE_FAR_POLES = Domain(-127.5)

SMALL = 0.0009765625  # 2^-10

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
        primal=lambda sp, s, q: sp.Function("hurwitz")(s, q),
        tf=lambda tf, s, q: tf.math.zeta(s, q),
        vjp=lambda np, g, y, s, q: (None, -g * s * np.zeta(s + 1, q)),
        domain=(Domain(1.0, 128.0), NonNegative),
        dtypes=WIDE,
        at=((2.5, 1.0), (2.0, 0.5), (1.5, 3.0)),
        note="the Hurwitz zeta function, by its order too, up to where Arb is quick",
    ),
    row(
        "igamma",
        primal=lambda sp, a, x: sp.Function("gamma_p")(a, x),
        tf=lambda tf, a, x: tf.math.igamma(a, x),
        vjp=lambda np, g, y, a, x: (None, g * np.exp((a - 1) * np.log(x) - x - np.lgamma(a))),
        domain=(Domain(SMALL, 32.0), NonNegative),
        dtypes=WIDE,
        at=((2.5, 7.0), (0.5, 0.25), (1.0, 1.0), (30.0, 20.0)),
        note="the regularized lower incomplete gamma function; a where Arb is quick with a derivative by it",
    ),
    row(
        "igammac",
        primal=lambda sp, a, x: 1 - sp.Function("gamma_p")(a, x),
        tf=lambda tf, a, x: tf.math.igammac(a, x),
        vjp=lambda np, g, y, a, x: (None, -g * np.exp((a - 1) * np.log(x) - x - np.lgamma(a))),
        domain=(Domain(SMALL, 32.0), NonNegative),
        dtypes=WIDE,
        at=((2.5, 7.0), (0.5, 0.25), (1.0, 1.0), (30.0, 20.0)),
        note="the regularized upper incomplete gamma function",
    ),
    row(
        "betainc",
        primal=lambda sp, a, b, x: sp.Function("beta_i")(a, b, x),
        tf=lambda tf, a, b, x: tf.math.betainc(a, b, x),
        vjp=lambda np, g, y, a, b, x: (
            None,
            None,
            g * np.exp((a - 1) * np.log(x) + (b - 1) * np.log1p(-x) + np.lgamma(a + b) - np.lgamma(a) - np.lgamma(b)),
        ),
        domain=(Domain(SMALL, 16.0), Domain(SMALL, 16.0), Domain(0.0, 1.0)),
        dtypes=WIDE,
        at=((0.5, 2.0, 0.25), (3.0, 3.0, 0.5), (1.0, 1.0, 0.75)),
        note="the regularized incomplete beta function; a and b where Arb's series is quick",
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
