"""The oracle held against MPFR, known identities, limits, kinks and arrays worked out by hand."""

import math
import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import gmpy2
import numpy as np
import pytest
import sympy
from flint import arb

from reference import derive, exact
from reference.compile import UnprintableError, compiled
from reference.enclose import enclose, precision
from reference.op import INF, Domain, NonNegative, Op, Reals, Unit
from reference.ulp import FORMATS, round_ball, round_exact

NAN = math.nan
Positive = NonNegative


@pytest.fixture(autouse=True, scope="module")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REFERENCE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


def row(primal: Callable, *domain: Domain, shapes: Any = None, name: str = "row") -> Op:
    """A row with nothing but its mathematics."""
    return Op(name, "test", primal, tf=primal, vjp=primal, domain=domain or (Reals,), shapes=shapes)


def sides(op: Op, order: int, *x: float, dtype: str = "float64") -> list[tuple]:
    """All sides at one point, each value rounded."""
    (found,) = exact.elementwise(op, order, dtype, [np.array([v]) for v in x])
    return [tuple(v if v is None else round_exact(v, dtype) for v in side) for side in found]


def spread(dtype: str, count: int, low: int, high: int, seed: int = 0) -> np.ndarray:
    """Positive numbers of the format over a range of binades."""
    form, draw = FORMATS[dtype], random.Random(seed)
    low, high = max(low, form.emin - form.precision + 1), min(high, form.emax)
    exponents = [max(draw.randint(low, high), form.emin) - form.precision + 1 for _ in range(count)]
    return np.array([math.ldexp(draw.randint(1, 2**form.precision - 1), e) for e in exponents])


# --- derivatives that MPFR knows as functions: what SymPy writes for them cancels, and still rounds right

ANTIDERIVATIVES: dict[str, tuple[Callable, Callable, Domain]] = {
    "sin": (lambda sp, x: -sp.cos(x), gmpy2.sin, Reals),
    "cos": (lambda sp, x: sp.sin(x), gmpy2.cos, Reals),
    "tanh": (lambda sp, x: sp.log(sp.cosh(x)), gmpy2.tanh, Reals),
    "atan": (lambda sp, x: x * sp.atan(x) - sp.log(1 + x**2) / 2, gmpy2.atan, Reals),
    "asinh": (lambda sp, x: x * sp.asinh(x) - sp.sqrt(1 + x**2), gmpy2.asinh, Reals),
    "log": (lambda sp, x: x * sp.log(x) - x, gmpy2.log, Positive),
    "log1p": (lambda sp, x: (1 + x) * sp.log(1 + x) - x, gmpy2.log1p, Positive),
    "sqrt": (lambda sp, x: 2 * x * sp.sqrt(x) / 3, gmpy2.sqrt, Positive),
    "exp": (lambda sp, x: sp.exp(x / 2) ** 2, gmpy2.exp, Reals),
    "expm1": (lambda sp, x: sp.exp(x) - x, gmpy2.expm1, Reals),
    "erf": (lambda sp, x: x * sp.erf(x) + sp.exp(-(x**2)) / sp.sqrt(sp.pi), gmpy2.erf, Reals),
    "digamma": (lambda sp, x: sp.loggamma(x), gmpy2.digamma, Positive),
    "eint": (lambda sp, x: x * sp.Ei(x) - sp.exp(x), gmpy2.eint, Positive),
    "j0": (lambda sp, x: sp.besselj(0, x), lambda x: -gmpy2.j1(x), Reals),
}


def mpfr(dtype: str) -> gmpy2.context:
    form = FORMATS[dtype]
    low, high = form.emin - form.precision + 2, form.emax + 1
    return gmpy2.context(precision=form.precision, emin=low, emax=high, subnormalize=True)


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("name", ANTIDERIVATIVES)
def test_derivatives_round_like_mpfr(name: str, dtype: str) -> None:
    """The enclosed derivative rounds to the float that MPFR gives for the same function."""
    primal, theirs, domain = ANTIDERIVATIVES[name]
    points = spread(dtype, 100, -1074, 9)
    for x, found in zip(points, exact.elementwise(row(primal, domain), 1, dtype, [points]), strict=True):
        with mpfr(dtype):
            expected = float(theirs(gmpy2.mpfr(float(x))))
        assert [round_exact(side[0], dtype) for side in found] == [expected], f"{name} at {x!r}"


def test_every_enclosure_rounds_to_one_float() -> None:
    """Near ties, as x/2 + x**3/16 at odd subnormals, precision grows until the rounding is decided."""
    op = row(lambda sp, x: sp.besselj(0, x))
    points = np.array([k * 5e-324 for k in (1, 3, 5, 7, 10**6 + 1)])
    for (side,) in exact.elementwise(op, 1, "float64", [points]):
        assert round_ball(side[0], "float64") is not None
    assert sides(op, 1, 5e-324) == [(-0.0,)]
    assert sides(op, 1, 15e-324) == [(-5e-324,)]


# --- identities

IDENTITIES: dict[str, tuple[Callable, int, Callable, float, float]] = {
    "tanh' = 1 - tanh**2": (lambda sp, x: sp.tanh(x), 1, lambda x: 1 - x.tanh() ** 2, -3, 3),
    "tanh'' = -2 tanh (1 - tanh**2)": (
        lambda sp, x: sp.tanh(x),
        2,
        lambda x: -2 * x.tanh() * (1 - x.tanh() ** 2),
        -3,
        3,
    ),
    "sigmoid' = s (1 - s)": (
        lambda sp, x: 1 / (1 + sp.exp(-x)),
        1,
        lambda x: 1 / (1 + (-x).exp()) * (1 - 1 / (1 + (-x).exp())),
        -9,
        9,
    ),
    "asin' = 1 / sqrt(1 - x**2)": (lambda sp, x: sp.asin(x), 1, lambda x: (1 - x * x).rsqrt(), -0.99, 0.99),
    "erfinv' = sqrt(pi)/2 exp(erfinv**2)": (
        lambda sp, x: sp.erfinv(x),
        1,
        lambda x: arb.pi().sqrt() / 2 * (x.erfinv() ** 2).exp(),
        0.1,
        0.9,
    ),
    "digamma'(x) = zeta(2, x)": (lambda sp, x: sp.digamma(x), 1, lambda x: arb(2).zeta(x), 0.1, 50),
    "digamma''(x) = -2 zeta(3, x)": (lambda sp, x: sp.digamma(x), 2, lambda x: -2 * arb(3).zeta(x), 0.1, 50),
    "digamma' reflected": (
        lambda sp, x: sp.digamma(x),
        1,
        lambda x: (arb.pi() / (arb.pi() * x).sin()) ** 2 - arb(2).zeta(1 - x),
        -7.9,
        -7.1,
    ),
    "i0' = i1": (lambda sp, x: sp.besseli(0, x), 1, lambda x: x.bessel_i(1), -9, 9),
    "k0' = -k1": (lambda sp, x: sp.besselk(0, x), 1, lambda x: -x.bessel_k(1), 0.1, 9),
    "W' = W / (x (1 + W))": (
        lambda sp, x: sp.LambertW(x),
        1,
        lambda x: x.lambertw() / (x * (1 + x.lambertw())),
        0.1,
        9,
    ),
    "Ei' = exp(x) / x": (lambda sp, x: sp.Ei(x), 1, lambda x: x.exp() / x, 0.1, 9),
    "dilog' = -log(1 - x) / x": (
        lambda sp, x: sp.polylog(2, x),
        1,
        lambda x: -(1 - x).log() / x,
        0.1,
        0.9,
    ),
    "Gamma(2, x)' = -x exp(-x)": (lambda sp, x: sp.uppergamma(2, x), 1, lambda x: -x * (-x).exp(), 0.1, 9),
    "x**x' = x**x (1 + log x)": (lambda sp, x: x**x, 1, lambda x: x**x * (1 + x.log()), 0.1, 9),
}


def agrees(name: str, factor: arb | int = 1) -> bool:
    """Whether the oracle's derivative and the identity's other side overlap, far beyond float64."""
    primal, order, identity, low, high = IDENTITIES[name]
    points = np.linspace(low, high, 12)
    found = exact.elementwise(row(primal, Domain(low, high)), order, "float64", [points])
    with precision(300):
        return all((side[0] * factor).overlaps(identity(arb(x))) for x, (side,) in zip(points, found, strict=True))


@pytest.mark.parametrize("name", IDENTITIES)
def test_identities(name: str) -> None:
    """Derivatives agree with textbook identities, evaluated on balls by another route."""
    assert agrees(name)


@pytest.mark.parametrize("name", IDENTITIES)
def test_a_derivative_wrong_in_its_35th_digit_is_told_apart(name: str) -> None:
    """A factor of 1 + 2**-115 breaks every identity."""
    with precision(300):
        assert not agrees(name, 1 + arb((1, -115)))


# --- limits

SINC = row(lambda sp, x: sp.sin(x) / x)
XLOGX = row(lambda sp, x: x * sp.log(x), NonNegative)
XLOGY = row(lambda sp, x, y: x * sp.log(y), Reals, NonNegative)
DIVIDE = row(lambda sp, x, y: x / y, Reals, Reals)

LIMITS: dict[str, tuple[Op, int, tuple[float, ...], list[tuple]]] = {
    "sinc at 0": (SINC, 0, (0.0,), [(1.0,)]),
    "sinc' at 0": (SINC, 1, (0.0,), [(0.0,)]),
    "sinc'' at 0": (SINC, 2, (0.0,), [(-1 / 3,)]),
    "sinc' at infinity": (SINC, 1, (INF,), [(0.0,)]),
    "x log x at 0": (XLOGX, 0, (0.0,), [(0.0,)]),
    "x log x' at 0": (XLOGX, 1, (0.0,), [(-INF,)]),
    "x log x'' at 0": (XLOGX, 2, (0.0,), [(INF,)]),
    "x log y at (0, 0)": (XLOGY, 1, (0.0, 0.0), [(-INF, 0.0)]),
    "1/x at 0": (row(lambda sp, x: 1 / x), 0, (0.0,), [(INF,), (-INF,)]),
    "1/x at -0": (row(lambda sp, x: 1 / x), 0, (-0.0,), [(-INF,), (INF,)]),
    "1/x' at 0": (row(lambda sp, x: 1 / x), 1, (0.0,), [(-INF,)]),
    "1/x'' at 0": (row(lambda sp, x: 1 / x), 2, (0.0,), [(INF,), (-INF,)]),
    "sqrt' at 0": (row(lambda sp, x: sp.sqrt(x), NonNegative), 1, (0.0,), [(INF,)]),
    "asin' at 1": (row(lambda sp, x: sp.asin(x), Unit), 1, (1.0,), [(INF,)]),
    "asin'' at -1": (row(lambda sp, x: sp.asin(x), Unit), 2, (-1.0,), [(-INF,)]),
    "i1(x)/x at 0": (row(lambda sp, x: sp.besseli(1, x) / x), 0, (0.0,), [(0.5,)]),
    "i1(x)/x'' at 0": (row(lambda sp, x: sp.besseli(1, x) / x), 2, (0.0,), [(0.125,)]),
    "tanh(x)/x'' at 0": (row(lambda sp, x: sp.tanh(x) / x), 2, (0.0,), [(-2 / 3,)]),
    "W' at 0": (row(lambda sp, x: sp.LambertW(x)), 1, (0.0,), [(1.0,)]),
    "dilog' at 0": (row(lambda sp, x: sp.polylog(2, x), Unit), 1, (0.0,), [(1.0,)]),
    "lgamma at a pole": (row(lambda sp, x: sp.loggamma(x)), 0, (-3.0,), [(INF,)]),
    "digamma at a pole": (row(lambda sp, x: sp.loggamma(x)), 1, (-3.0,), [(-INF,), (INF,)]),
    "digamma at a huge pole": (row(lambda sp, x: sp.loggamma(x)), 1, (-1e300,), [(-INF,), (INF,)]),
    "pow at (0, 2)": (row(lambda sp, x, y: x**y, NonNegative, Reals), 1, (0.0, 2.0), [(0.0, 0.0)]),
    "hypot' at (0, 0)": (
        row(lambda sp, x, y: sp.sqrt(x**2 + y**2), Reals, Reals),
        1,
        (0.0, 0.0),
        [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)],
    ),
    "x/y at (1, 0)": (DIVIDE, 1, (1.0, 0.0), [(INF, -INF), (-INF, -INF)]),
    "erfinv' at 1": (row(lambda sp, x: sp.erfinv(x), Unit), 1, (1.0,), [(INF,)]),
    "x log y at (tiny, 0)": (XLOGY, 1, (5e-324, 0.0), [(-INF, INF)]),
    "x/y at (inf, 0)": (DIVIDE, 1, (INF, 0.0), [(INF, -INF), (-INF, -INF)]),
    "x/y at (1, inf)": (DIVIDE, 1, (1.0, INF), [(0.0, 0.0)]),
    "sin' at infinity": (row(lambda sp, x: sp.sin(x)), 1, (INF,), [(None,)]),
    "x cos x at infinity": (row(lambda sp, x: x * sp.cos(x)), 0, (INF,), [(None,)]),
    "tanh' at infinity": (row(lambda sp, x: sp.tanh(x)), 1, (INF,), [(0.0,)]),
    "atan at -infinity": (row(lambda sp, x: sp.atan(x)), 0, (-INF,), [(-math.pi / 2,)]),
    "log' at infinity": (row(lambda sp, x: sp.log(x), NonNegative), 1, (INF,), [(0.0,)]),
    "log at infinity": (row(lambda sp, x: sp.log(x), NonNegative), 0, (INF,), [(INF,)]),
    "exp' at -infinity": (row(lambda sp, x: sp.exp(x)), 1, (-INF,), [(0.0,)]),
    "softplus' at infinity": (row(lambda sp, x: sp.log(1 + sp.exp(x))), 1, (INF,), [(1.0,)]),
    "sqrt outside": (row(lambda sp, x: sp.sqrt(x), NonNegative), 1, (-1.0,), [(None,)]),
    "NaN": (row(lambda sp, x, y: x + y, Reals, Reals), 1, (NAN, 1.0), [(None, None)]),
}


@pytest.mark.parametrize("name", LIMITS)
def test_limits(name: str) -> None:
    """Holes, poles, domain ends and infinities have their exact one-sided limits."""
    op, order, point, expected = LIMITS[name]
    assert sides(op, order, *point) == expected


def test_limits_are_sympys() -> None:
    """Where SymPy finds a limit by series, the enclosures nearby find the same."""
    x = sympy.Symbol("x")
    for primal in (
        lambda sp, x: sp.sin(x) / x,
        lambda sp, x: (sp.exp(x) - 1) / x,
        lambda sp, x: sp.log(1 + x) / x,
        lambda sp, x: (1 - sp.cos(x)) / x**2,
        lambda sp, x: x / sp.tan(x),
    ):
        for order in (0, 1, 2):
            expected = sympy.limit(primal(sympy, x).diff(x, order), x, 0)
            assert sides(row(primal), order, 0.0) == [(float(expected),)]


def test_a_limit_says_that_it_is_one() -> None:
    """A side whose value was recognised from nearby is marked; an evaluated one is not."""
    ((hole,), (plain,)) = exact.elementwise(SINC, 2, "float32", [np.array([0.0, 1.0])])
    assert hole.numeric and not plain.numeric


def test_enormous_arguments() -> None:
    """sin(1e300) is computed, exp(1e300) is beyond every float, and neither hangs."""
    with mpfr("float64"):
        assert sides(row(lambda sp, x: -sp.cos(x)), 1, 1e300) == [(float(gmpy2.sin(gmpy2.mpfr(1e300))),)]
    assert sides(row(lambda sp, x: sp.exp(x)), 1, 1e300) == [(INF,)]
    assert sides(row(lambda sp, x: sp.exp(x)), 1, -1e300) == [(0.0,)]
    assert sides(row(lambda sp, x: sp.tanh(x)), 1, 1e300) == [(0.0,)]


# --- kinks

MAXIMUM = row(lambda sp, x, y: sp.Max(x, y), Reals, Reals)
RELU6 = row(lambda sp, x: sp.Min(sp.Max(x, 0), 6))

KINKS: dict[str, tuple[Op, int, tuple[float, ...], list[tuple]]] = {
    "|x| at +0": (row(lambda sp, x: sp.Abs(x)), 1, (0.0,), [(1.0,), (-1.0,)]),
    "|x| at -0": (row(lambda sp, x: sp.Abs(x)), 1, (-0.0,), [(-1.0,), (1.0,)]),
    "|x| beside 0": (row(lambda sp, x: sp.Abs(x)), 1, (-5e-324,), [(-1.0,)]),
    "|x|'' at 0": (row(lambda sp, x: sp.Abs(x)), 2, (0.0,), [(0.0,)]),
    "|x| itself": (row(lambda sp, x: sp.Abs(x)), 0, (0.0,), [(0.0,)]),
    "max at equality": (MAXIMUM, 1, (2.0, 2.0), [(1.0, 0.0), (0.0, 1.0)]),
    "max at (-0, +0)": (MAXIMUM, 1, (-0.0, 0.0), [(0.0, 1.0), (1.0, 0.0)]),
    "max of infinities": (MAXIMUM, 1, (INF, INF), [(1.0, 0.0), (0.0, 1.0)]),
    "relu6 at 0": (RELU6, 1, (0.0,), [(1.0,), (0.0,)]),
    "relu6 at 6": (RELU6, 1, (6.0,), [(0.0,), (1.0,)]),
    "relu6 at 7": (RELU6, 1, (7.0,), [(0.0,)]),
    "sign at 0": (row(lambda sp, x: sp.sign(x)), 0, (0.0,), [(0.0,)]),
    "sign' at 0": (row(lambda sp, x: sp.sign(x)), 1, (0.0,), [(0.0,)]),
    "floor' at 2": (row(lambda sp, x: sp.floor(x)), 1, (2.0,), [(0.0,)]),
    "ceiling at 1.5": (row(lambda sp, x: sp.ceiling(x)), 0, (1.5,), [(2.0,)]),
    "mod' at a jump": (
        row(lambda sp, x, y: x - y * sp.floor(x / y), Reals, Reals),
        1,
        (6.0, 3.0),
        [(1.0, -2.0), (1.0, -1.0)],
    ),
    "a hole filled by hand": (
        row(lambda sp, x: sp.Piecewise((sp.sin(x) / x, sp.Ne(x, 0)), (1, True))),
        2,
        (0.0,),
        [(-1 / 3,)],
    ),
    "one tie, two spellings": (
        row(lambda sp, x: sp.Piecewise((x, x > 0), (0, True)) + sp.Piecewise((0, 0 >= x), (x, True))),
        1,
        (0.0,),
        [(2.0,), (0.0,)],
    ),
    "a smooth seam": (
        row(lambda sp, x: sp.Piecewise((sp.exp(x), x < 0), (1 + x, True))),
        1,
        (0.0,),
        [(1.0,)],
    ),
    "a seam with a pole": (
        row(lambda sp, x: sp.Piecewise((sp.sqrt(x), x > 0), (0, True))),
        1,
        (0.0,),
        [(INF,), (0.0,)],
    ),
}


@pytest.mark.parametrize("name", KINKS)
def test_kinks(name: str) -> None:
    """At a tie every side is there, jointly consistent, and the one the zero's sign points to comes first."""
    op, order, point, expected = KINKS[name]
    assert sides(op, order, *point) == expected


# --- arrays

MATMUL = row(lambda sp, a, b: a @ b, Reals, Reals, shapes=((2, 3), (3, 2)), name="matmul")
A = np.array([[1.5, -2.0, 0.25], [3.0, 0.1, -7.0]])
B = np.array([[0.5, 1.0], [2.0, -0.3], [1e-3, 4.0]])
C = np.array([[0.75, -1.25], [2.5, 0.1]])
H = (np.arange(6.0).reshape(2, 3) - 2.5, np.arange(6.0).reshape(3, 2) / 8)


def fractions(values: np.ndarray) -> np.ndarray:
    return np.vectorize(Fraction, otypes=[object])(values)


def agree(got: np.ndarray, expected: Any) -> bool:
    """Whether the first side of every entry rounds to the float nearest to an exact fraction."""
    values = [round_exact(v[0], "float64") for v in got.flat]
    return got.shape == np.shape(expected) and values == [float(e) for e in np.ravel(expected)]


def test_matmul_by_hand() -> None:
    """Products of matrices: the answers worked out in fractions."""
    a, b, c, (h, k) = fractions(A), fractions(B), fractions(C), map(fractions, H)
    zero_a, zero_b = a * 0, b * 0
    expected = {
        ("vjp", 1): [c @ b.T, a.T @ c],
        ("jvp", 1): [h @ b, a @ k],
        ("vjp", 2): [zero_a, h.T @ c, c @ k.T, zero_b],
        ("vjp_of_jvp", 2): [zero_a, h.T @ c, c @ k.T, zero_b],
        ("jvp_of_vjp", 2): [zero_a, c @ k.T, h.T @ c, zero_b],
        ("jvp_of_jvp", 2): [c * 0, h @ k, h @ k, c * 0],
    }
    for (asks, order), entries in expected.items():
        got = exact.array(MATMUL, asks, order, "float64", (A, B), C, H)
        assert [agree(g, e) for g, e in zip(got, entries, strict=True)] == [True] * len(entries), (
            asks,
            order,
        )


def test_jacobians_of_matmul() -> None:
    """Summed over y, the Jacobian is the VJP; its second order holds the tangent's factor."""
    first, second = exact.array(MATMUL, "jacobian", 1, "float64", (A, B), C, H)
    assert (first.shape, second.shape) == ((2, 2, 2, 3), (2, 2, 3, 2))
    assert agree(first[:, :, 1, 2], [[0, 0], fractions(C)[1] * fractions(B)[2]])
    entries = exact.array(MATMUL, "jacobian", 2, "float64", (A, B), C, H)
    assert [e.shape for e in entries] == [(2, 3, 2, 3), (2, 3, 3, 2), (3, 2, 2, 3), (3, 2, 3, 2)]
    h, c = fractions(H[0]), fractions(C)
    assert agree(entries[1][1, 2, 2], h[1, 2] * c[1])


def test_an_undefined_input_hides_only_what_depends_on_it() -> None:
    """NaN in one row of a matrix leaves the other rows' derivatives alone."""
    broken = A.copy()
    broken[0, 0] = NAN
    da, db = exact.array(MATMUL, "vjp", 1, "float64", (broken, B), C, H)
    assert agree(da, fractions(C) @ fractions(B).T)
    assert [v == (None,) for v in db.flat] == [True, True, False, False, False, False]


def test_ties_between_many_elements() -> None:
    """At a maximum of nine equal numbers each of them has a side of its own, and no side has two."""
    op = row(lambda sp, x: sp.Max(*x.flat), shapes=((9,),))
    (gradient,) = exact.array(op, "vjp", 1, "float32", [np.ones(9)], np.array(2.0), [np.ones(9)])
    chosen = {tuple(map(float, side)) for side in zip(*gradient, strict=True)}
    assert chosen == {tuple(2.0 * (i == j) for i in range(9)) for j in range(9)}


def test_norm_at_zero() -> None:
    """The norm of zeros has one side for each direction along an axis."""
    op = row(lambda sp, x: sp.sqrt(sum(v**2 for v in x)), shapes=((2,),))
    (gradient,) = exact.array(op, "vjp", 1, "float64", [np.zeros(2)], np.array(1.0), [np.ones(2)])
    assert [tuple(map(float, s)) for s in zip(*gradient, strict=True)] == [(1, 0), (-1, 0), (0, 1), (0, -1)]


# --- what cannot be done is said


def test_no_closed_form_names_the_row() -> None:
    """A derivative that SymPy leaves open is an error with the row's name."""
    op = row(lambda sp, s: sp.zeta(s, 3), name="hurwitz")
    with pytest.raises(derive.UnderivableError, match="hurwitz: SymPy leaves .*zeta.* unevaluated"):
        exact.elementwise(op, 1, "float32", [np.array([2.0])])


def test_unknown_functions_are_named() -> None:
    """A function without a meaning on balls is an error with its name."""
    x = sympy.Symbol("x")
    with pytest.raises(UnprintableError, match="no meaning on balls for mystery"):
        compiled([sympy.Function("mystery")(x)], [x])


def test_unknown_questions_are_named() -> None:
    """A question that no mode asks is an error that lists those that are asked."""
    with pytest.raises(ValueError, match="nobody asks 'vpj' at order 1"):
        derive.questions(MATMUL, "vpj", 1)


def test_powers_of_enclosures_around_zero() -> None:
    """Integer powers are products: they stay finite where the base may be zero."""
    x = sympy.Symbol("x", real=True)
    for n in (2, 3, 5, 12):
        with precision(100):
            (value,) = compiled([x**n], [x])(arb(0, 1e-10))
        assert value.contains(0) and abs(value) < 1e-10**n * 1.01


def test_what_never_settles_is_none() -> None:
    """A value that no precision can tell is no value."""
    x = sympy.Symbol("x", real=True)
    (values,) = enclose(compiled([1 / x, x], [x]), [(arb(0),)], "float32")
    assert values[0] is None and values[1] == 0


def test_a_symmetric_matrix_of_second_partials() -> None:
    """f_ij and f_ji are one expression: row-major, computed once."""
    op = row(lambda sp, x, y: sp.atan2(y, x) * x**y, NonNegative, Reals)
    f = derive.partials(op, 2)
    assert len(f) == 4 and f[1] is f[2]
