"""The deterministic points: ends, kinks, singular points, thresholds, ULP neighbours, every binade."""

import itertools
import math
import zlib
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

import mpmath
import numpy as np
import sympy as sp
from flint import arb

from reference import ratchet
from reference.balls import working
from reference.derive import partials, step_floor, symbols_of
from reference.op import Domain, Op
from reference.sheet import Sheet
from reference.ulp import FORMATS, next_down, next_up

Point = tuple[float, ...]

LIMITS = {"float64": 4800, "float32": 1200, "bfloat16": 1000, "float16": 400}  # one argument, tier "full"
QUICK, PAIRS = 300, 400  # any row in tier "quick"; rows of several arguments in tier "full"
STRIDE = {"float64": 16, "float32": 8, "bfloat16": 4, "float16": 1}  # binades skipped in tier "quick"
CENTRAL = range(-4, 6)  # binades that get several points each
FEW = (0.75, -1.5, 3.0)  # what the other arguments hold while one of them is special
WEIGHTS = (0.625, 0.75, 1.25, 1.5, 1.75, 2.5, 3.0)  # exact even with bfloat16's 8 bits, and none is one
NAN, INF = math.nan, math.inf


def points(op: Op, dtype: str, tier: str = "full") -> list[np.ndarray]:
    """One vector per argument of an elementwise row: the interesting points first, then every binade.

    The worst on record come last, so that every other point keeps its place, and with that its cotangent.
    """
    room = QUICK if tier == "quick" else LIMITS[dtype] if op.arity == 1 else PAIRS
    chosen: list[Point] = []
    for level in (_unary if op.arity == 1 else _several)(op, dtype, tier == "quick"):
        fresh = _distinct((point for point in level if inside(op.domain, point)), skip=chosen)
        chosen += _thinned(fresh, room - len(chosen))
    known = (at for at in ratchet.points_of(op.name, dtype) if len(at) == op.arity and inside(op.domain, at))
    worst = _distinct(known, skip=chosen)
    chosen = [*chosen[: room - len(worst)], *worst]
    return [np.array(column, dtype=np.float64) for column in zip(*chosen, strict=True)]


def cases(op: Op, dtype: str, tier: str = "full") -> list[list[np.ndarray]]:
    """One array per input of an array row, for each of a few situations a formula may stumble over."""
    assert op.shapes is not None, op.name
    form, salt = FORMATS[dtype], f"{op.name} {dtype}"
    huge, tiny = form.emax // 2 - 4, form.emin // 2 + 4
    recipes: list[Callable[[int], np.ndarray]] = [
        lambda i: _array(op, i, salt),
        lambda i: _with(_array(op, i, salt + " zero"), op.domain[i], 0.0),
        lambda i: _array(op, i, salt, pool=(1.5, 0.75)),  # ties: neighbours agree often
        lambda i: np.full(op.shapes[i], _pool(op.domain[i])[0]) if op.shapes else np.empty(0),
        lambda i: _array(op, i, salt + " huge", scale=2.0**huge),
        lambda i: _array(op, i, salt + " tiny", scale=2.0**tiny),
        lambda i: _with(_array(op, i, salt + " sub"), op.domain[i], 3 * form.smallest),
        lambda i: _array(op, i, salt + " minus", pool=tuple(-w for w in WEIGHTS)),
        lambda i: _with(np.zeros_like(_array(op, i, salt)), op.domain[i], -0.0),  # several zeros, both signs
    ]
    count = 3 if tier == "quick" else len(recipes)
    made = [[recipe(i) for i in range(op.arity)] for recipe in recipes[:count]]
    keys = [b"".join(array.tobytes() for array in case) for case in made]
    fits = [all(inside([op.domain[i]] * a.size, a.ravel()) for i, a in enumerate(case)) for case in made]
    return [case for n, case in enumerate(made) if fits[n] and keys[n] not in keys[:n]]


def cotangents(shape: Sequence[int], dtype: str, salt: str | int = 0) -> np.ndarray:
    """Weights of mixed sign, none of them one, exact in the dtype; every second one needs all of its digits."""
    raw = _raw(f"cotangent {dtype} {salt}", math.prod(shape))
    signed = np.array(WEIGHTS)[raw % len(WEIGHTS)] * np.where(raw // 8 % 2, -1.0, 1.0)
    full = signed * (1 + np.ldexp(1.0, 3 - FORMATS[dtype].precision))
    return np.where(np.arange(raw.size) % 2, full, signed).reshape(tuple(shape))


def inside(domain: Sequence[Domain], point: Iterable[float]) -> bool:
    """Whether each coordinate lies in its closed interval; NaN belongs to every domain."""
    return all(math.isnan(x) or d.low <= x <= d.high for d, x in zip(domain, point, strict=True))


def is_special(x: float, dtype: str) -> bool:
    """Whether a number is a zero, subnormal, infinity or NaN, which the judge counts apart."""
    return not math.isfinite(x) or abs(x) < FORMATS[dtype].smallest_normal


def rounded(x: float, dtype: str) -> float:
    """A float of the dtype beside x (bfloat16 truncates: points need neighbours, not nearest ones)."""
    with np.errstate(over="ignore", under="ignore"):
        if dtype == "bfloat16":
            bits = np.float32(x).view(np.uint32) & np.uint32(0xFFFF0000)
            return x if math.isnan(x) else float(bits.view(np.float32))
        return float(np.dtype(dtype).type(x))


def neighbours(x: float, dtype: str, reach: int = 1) -> list[float]:
    """The float at x and up to `reach` floats on either side."""
    up = down = rounded(x, dtype)
    found = [up]
    for _ in range(reach if math.isfinite(up) else 0):
        up, down = next_up(up, dtype), next_down(down, dtype)
        found += [up, down]
    return found


def specials(dtype: str) -> list[float]:
    """The values that every argument meets, of both signs."""
    form = FORMATS[dtype]
    sizes = [
        0.0,
        1.0,
        INF,
        form.smallest,
        next_down(form.smallest_normal, dtype),
        form.smallest_normal,
        form.largest,
    ]
    sizes += [0.5, 2.0, 3.0, 1.5, 4.0, 2.5, 5.0, 10.0]
    return [NAN] + [sign * size for size in sizes for sign in (1.0, -1.0)]


def ends(domain: Domain, dtype: str, step: int = 1) -> list[float]:
    """The finite ends, one ULP inside them, and the points end ± 2^-k on the way to them."""
    found: list[float] = []
    for end, inwards, step_inside in ((domain.low, 1, next_up), (domain.high, -1, next_down)):
        if not math.isfinite(end):
            continue
        edge = rounded(end, dtype)
        edge = edge if domain.low <= edge <= domain.high else step_inside(edge, dtype)
        ways = (end + inwards * 2.0**-k for k in range(1, FORMATS[dtype].precision + 1, step))
        found += [edge, step_inside(edge, dtype), *(rounded(way, dtype) for way in ways if end)]
    return found


@lru_cache
def thresholds(dtype: str) -> tuple[float, ...]:
    """Positive sizes at which common functions overflow, underflow or saturate in this dtype."""
    form = FORMATS[dtype]
    p, top, normal, tiny = form.precision, form.largest, form.smallest_normal, form.smallest
    over, under, gone = math.log(top), -math.log(normal), -math.log(tiny)
    eps = 2.0 ** (1 - p)
    tail, half = [under, gone, p * math.log(2)], math.log(2) / 2
    exact = [over, over + math.log(2), under, gone, gone + math.log(2)]  # exp, sinh, cosh, exp flushed
    exact += [log / 2 for log in (over, under, gone)]  # exp(2x), products of two exponentials
    exact += [math.sqrt(k * log) for log in (over, under, gone) for k in (1, 2)]  # exp(±x²), exp(-x²/2)
    exact += [size**power for size in (top, normal, tiny) for power in (1 / 2, 1 / 3, 1 / 4)]  # x², x³, x⁴
    exact += [1 / normal, 1 / top, eps, eps / 2, math.sqrt(eps), math.cbrt(eps)]  # 1/x, expm1, sin x/x
    exact += [2.0**p, 2.0 ** (p - 1), 1 / eps**2]  # the spacing of floats reaches one; x² + 1 = x²
    exact += [1 - eps / 2, 1 + eps]  # beside the singular points of atanh, acosh, log1p
    exact += [k * half for k in (p + 1, p + 2, 2 * p - 2, 2 * p, 2 * p + 2)]  # tanh, sigmoid, log1p(exp x)
    exact += [(p - 1) * math.log(2) - 2]  # where TensorFlow's softplus switches formula
    exact += [math.sqrt((p - 1) * math.log(2))]  # erf
    exact += [_crossing(lambda x: mpmath.loggamma(x) - over, 3, 200)]  # gamma overflows
    exact += [_crossing(lambda x, log=log: mpmath.log(mpmath.erfc(x)) + log, 0, 40) for log in tail]
    return tuple(sorted({near for x in exact if 0 < (near := rounded(x, dtype)) < INF}))


def _crossing(difference: Callable[..., object], low: float, high: float) -> float:
    """Where an increasing or decreasing function crosses zero."""
    return float(mpmath.findroot(difference, (low, high), solver="anderson", tol=1e-12))


def exponents(dtype: str, step: int = 1) -> list[int]:
    """Those of every binade, or of every so many, subnormal ones included."""
    return list(range(FORMATS[dtype].emin - FORMATS[dtype].precision + 1, FORMATS[dtype].emax + 1, step))


def binades(dtype: str, salt: str, wanted: Sequence[int]) -> list[float]:
    """A pseudo-random float of each sign in each of the binades wanted; float64 has so many that signs take turns."""
    lowest, *_, highest = exponents(dtype)
    turns = ((1,), (-1,)) if dtype == "float64" and len(wanted) > 1000 else ((1, -1),) * 2
    signed = [(e, sign) for e in wanted if lowest <= e <= highest for sign in turns[e % 2]]
    found = []
    for (e, sign), noise in zip(signed, _raw(f"{salt} {dtype}", len(signed)), strict=True):
        bits = min(FORMATS[dtype].precision, e - lowest + 1)
        significand = 2 ** (bits - 1) + int(noise) % 2 ** (bits - 1)
        found.append(sign * math.ldexp(significand, e - bits + 1))
    return found


@lru_cache
def kinks(op: Op) -> tuple[Point, ...]:
    """Where the primal or its slope changes branch, is singular or zero; other arguments at a few values."""
    xs, slopes = symbols_of(op), partials(op, 1)
    edges = set().union(*(_edges(g) for g in partials(op, 0) + slopes))
    if op.arity == 1:  # zeros of f, f' and f'': where formulas cancel
        edges |= {g for order in (0, 1, 2) for g in partials(op, order) if g.free_symbols}
    found: set[Point] = set()
    for edge, others in itertools.product(edges, FEW if op.arity > 1 else FEW[:1]):
        for i in (n for n, x in enumerate(xs) if x in edge.free_symbols):
            rest = {x: sp.Rational(others) for n, x in enumerate(xs) if n != i}
            for root in _roots(sp.sympify(edge).subs(rest), xs[i]):
                found.add(tuple(root if n == i else others for n in range(op.arity)))
    return tuple(sorted(found))


def _edges(f: sp.Expr) -> set[sp.Expr]:
    """Expressions whose zeros are kinks, poles, branch points or removable singularities of f."""
    edges = {r.lhs - r.rhs for r in f.atoms(sp.core.relational.Relational)}
    powers = f.atoms(sp.Pow)
    edges |= {power.base for power in powers if not (power.exp.is_nonnegative and power.exp.is_integer)}
    for kinds, offsets in EDGES.items():
        edges |= {function.args[-1] - offset for function in f.atoms(*kinds) for offset in offsets}
    return {edge for edge in edges if edge.free_symbols}


_RIGHT_ANGLES = tuple(k * sp.pi / 2 for k in (-4, -3, -2, -1, 1, 2, 3, 4))
EDGES = {
    (sp.sinc,): (0,),
    (sp.log,): (0, 1),
    (sp.gamma, sp.loggamma, sp.polygamma): (2, 1, 0, -1, -2, -3, -4, -5),
    (sp.asin, sp.acos, sp.atanh, sp.acosh): (-1, 0, 1),
    (sp.erfinv, sp.erfcinv): (-1, 0, 1, 2),
    (sp.sin, sp.cos, sp.tan, sp.cot): _RIGHT_ANGLES,
    (step_floor,): (-1, 0, 1),
}


def _roots(edge: sp.Expr, x: sp.Symbol) -> list[float]:
    """The real zeros of an expression of one variable: all of a polynomial's, else those a scan brackets."""
    if x not in edge.free_symbols:
        return []
    if edge.is_polynomial(x):
        exact = [sp.Rational(sp.N(coefficient, 40)) for coefficient in sp.Poly(edge, x).all_coeffs()]
        return [float(root) for root in set(sp.real_roots(sp.Poly(exact, x)))]
    sheet = Sheet([edge], [x], at_kinks=True)
    grid = [k / 4 + 1 / 64 for k in range(-32, 32)]
    values = [_real(sheet, at) for at in grid]
    brackets = [(a, b) for a, b, s, t in zip(grid, grid[1:], values, values[1:], strict=False) if s * t < 0]
    return [root for bracket in brackets for root in _bisected(sheet, *bracket)]


def _bisected(sheet: Sheet, low: float, high: float) -> list[float]:
    """The zero between two points of opposite sign; nothing if the sign changes by a pole or a jump."""
    start, end = _real(sheet, low), _real(sheet, high)
    for _ in range(64):
        middle = (low + high) / 2
        low, high = (middle, high) if _real(sheet, middle) * start > 0 else (low, middle)
    root = 0.0 if abs(middle) < 2.0**-40 else middle
    return [root] if abs(_real(sheet, middle)) < min(abs(start), abs(end)) * 2.0**-20 else []


def _real(sheet: Sheet, at: float) -> float:
    """The value of the sheet's one expression; NaN where it is not a real number."""
    ball = (arb(at),)
    with working(80):
        (value,) = sheet.function(sheet.signatures((at,), ball)[0])(*ball)
        return float(value) if value.is_finite() else NAN


def _unary(op: Op, dtype: str, quick: bool) -> list[list[Point]]:
    """The points of one argument, level by level: interesting ones, every binade, closer looks."""
    first = [x for at in op.at for x in neighbours(at[0], dtype)]
    first += [x for kink in kinks(op) for x in neighbours(kink[0], dtype, 1 if quick else 2)]
    first += specials(dtype) + ends(op.domain[0], dtype, 6 if quick else 1)
    first += [sign * x for x in thresholds(dtype) for sign in (1, -1)]
    wide = binades(dtype, op.name, [*CENTRAL, *CENTRAL, *exponents(dtype, STRIDE[dtype] if quick else 1)])
    close = [] if quick else [n for x in thresholds(dtype) for n in neighbours(x, dtype)]
    close += [-x for x in close]
    close += binades(dtype, op.name + " close", [*CENTRAL] * (2 if quick else 6))
    return [[(x,) for x in level] for level in (first, wide, close)]


def _several(op: Op, dtype: str, quick: bool) -> list[list[Point]]:
    """The points of several arguments, level by level: special tuples, then ties and paired binades."""
    arity, first = op.arity, list(itertools.product((0.0, -0.0), repeat=op.arity))
    first += [at for by_hand in op.at for at in _nudged(by_hand, dtype, 1)]
    first += [at for kink in kinks(op) for at in _nudged(kink, dtype, 0 if quick else 2)]
    values = specials(dtype)[: 9 if quick else None] + [e for d in op.domain for e in ends(d, dtype, 64)]
    few = FEW[:2] if quick else (*FEW, 0.0, -0.0, INF, 2.0, -1.0)
    for i, value, other in itertools.product(range(arity), values, few):
        first.append(tuple(value if n == i else other for n in range(arity)))
    sizes = [*values, *thresholds(dtype)]
    ties: list[Point] = [(value,) * arity for value in sizes]
    ties += [tuple(value if n == i else 0.75 for n in range(arity)) for value in sizes for i in range(arity)]
    return [first, ties[:: 3 if quick else 1], _paired(op, dtype, STRIDE[dtype] if quick else 1)]


def _paired(op: Op, dtype: str, step: int) -> list[Point]:
    """Every binade against itself, its neighbouring ULP, the same magnitude, and magnitudes far apart."""
    wanted = [*CENTRAL, *exponents(dtype, step)]
    xs, mates = binades(dtype, op.name, wanted), binades(dtype, op.name + " mate", wanted)
    far = [mates[int(n)] for n in np.argsort(_raw(op.name + " far", len(mates)))]
    rest = (FEW[0],) * (op.arity - 2)
    found: list[Point] = []
    for x, same, away in zip(xs, mates, far, strict=True):
        found += [(x, same, *rest), (x, next_up(x, dtype), *rest), (x, -x, *rest), (x, away, *rest)]
    return found


def _nudged(point: Point, dtype: str, reach: int) -> list[Point]:
    """The point, and its neighbours along each argument in turn."""
    near = tuple(rounded(x, dtype) for x in point)
    moves = ((i, x) for i in range(len(near)) for x in neighbours(near[i], dtype, reach))
    return [near, *((*near[:i], x, *near[i + 1 :]) for i, x in moves)]


def _distinct(found: Iterable[Point], skip: Iterable[Point] = ()) -> list[Point]:
    """The points in order without repetition; the two zeros differ, all NaN are one."""
    seen = {tuple(x.hex() for x in point) for point in skip}
    keyed = {tuple(float(x).hex() for x in point): point for point in found}
    return [point for key, point in keyed.items() if key not in seen]


def _thinned(found: list[Point], room: int) -> list[Point]:
    """At most `room` of them, evenly spread."""
    if len(found) <= room:
        return found
    return [found[n * len(found) // room] for n in range(room)]


def _raw(salt: str, count: int) -> np.ndarray:
    """A raw PCG64 stream, the same on every machine and NumPy version."""
    return np.random.PCG64(zlib.crc32(salt.encode())).random_raw(count)


def _pool(domain: Domain, pool: Sequence[float] = ()) -> list[float]:
    """Values of few significant bits inside the domain."""
    sizes = [w * 2.0**k for k in (0, -1, -2, 1) for w in (*WEIGHTS, 1.0)]
    wanted = [x for x in pool if domain.low <= x <= domain.high]
    return wanted or [s * x for x in sizes for s in (1, -1) if domain.low <= s * x <= domain.high]


def _array(op: Op, i: int, salt: str, pool: Sequence[float] = (), scale: float = 1.0) -> np.ndarray:
    """Input i of an array row, drawn from the pool."""
    assert op.shapes is not None, op.name
    values = np.array(_pool(op.domain[i], pool)) * scale
    shape = op.shapes[i]
    return values[_raw(f"{salt} {i}", math.prod(shape)) % len(values)].reshape(shape)


def _with(array: np.ndarray, domain: Domain, value: float) -> np.ndarray:
    """The array with one element replaced, where the domain allows."""
    changed = array.copy()
    if changed.size and domain.low <= value <= domain.high:
        changed.flat[changed.size // 2] = value
    return changed
