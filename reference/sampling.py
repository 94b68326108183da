"""Where an unseeded training run may end: the exact mean and covariance of (W, B) after T steps of gradient descent.

The run of document 003 (`003_575636c7967744e2.txt`): n examples x ~ N(0, 1) with y = 3x + 2 + e, e ~ N(0, 1); the mean
squared error of Wx + B is minimised from (5, 10) at the rate r = 0.01. For given data the update is linear: with
S = [[mean x², mean x], [mean x, 1]] and u = (mean xe, mean e), the distance d from (3, 2) becomes (1 - 2rS) d + 2ru.
After T steps it is A d + (1 - A) S⁻¹ u with A = (1 - 2rS)ᵀ, the T-th power, and for given x u is N(0, S/n):

    given x:  the mean is A d,  the covariance (1 - A)² S⁻¹ / n

All entries that do not vanish on average are polynomials in q = (mean x)² and s = mean x² - q, of degree 2T at most in
each. These two are independent: nq is χ² with one degree of freedom, ns with n - 1. Gauss and Laguerre's quadrature
with T + 1 nodes is exact for such polynomials, so the moments are exact: nothing is expanded or drawn, and what is left
out of a sum is bounded and added to its ball. Of the distribution only these moments are exact: it is not normal, and a
share of runs is said of the normal law that has them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from flint import arb, fmpq

from reference.balls import working

RARE = 0.01  # the share of runs below which a pair is called no plausible draw
FAR = 3.0  # standard deviations beyond which a distance is not called noise
SUMS = 200  # bits in which the moments are summed
NARROW = 60  # bits that a moment keeps at least
MOST = 1000  # steps: the time grows with their third power, and is a minute there
TRIES = 3  # each with twice the precision


class Run(NamedTuple):
    """A random training run: examples, steps, rate, where (W, B) starts, and what the data are made with."""

    examples: int = 1000
    steps: int = 200
    rate: str = "0.01"
    start: tuple[int, int] = (5, 10)
    true: tuple[int, int] = (3, 2)


DOCUMENTED = Run()


class Distribution(NamedTuple):
    """The means of W and B, their variances and their covariance: balls that hold the exact numbers."""

    mean: tuple[arb, arb]
    variance: tuple[arb, arb]
    covariance: arb


class Placed(NamedTuple):
    """A pair in its distribution: each distance from the mean in standard deviations, both together, and how rare."""

    z: tuple[float, float]
    distance: float  # Mahalanobis', squared
    p: float  # the chance of a pair as far out, of the normal law with these moments
    from_true: tuple[float, float]  # distances from what the data are made with, in the same deviations
    left: tuple[float, float]  # what is left of the start's distance, on average
    sentence: str


# -- Gauss and Laguerre ----------------------------------------------------------------------------------------


def laguerre(count: int, order: arb, x: arb) -> tuple[arb, arb]:
    """The generalised Laguerre polynomials of degrees `count` and `count` - 1 at x (DLMF 18.9.1)."""
    before, here = arb(0), arb(1)
    for k in range(count):
        before, here = here, ((2 * k + 1 + order - x) * here - (k + order) * before) / (k + 1)
    return here, before


def guesses(count: int, order: float) -> np.ndarray:
    """Floats near the zeros: the eigenvalues of the polynomials' Jacobi matrix (Golub and Welsch, 1969)."""
    k = np.arange(count)
    beside = np.sqrt(k[1:] * (k[1:] + order))
    return np.linalg.eigvalsh(np.diag(2 * k + 1 + order) + np.diag(beside, 1) + np.diag(beside, -1))


def newton(count: int, order: arb, guess: float, bits: int) -> arb:
    """A number near a zero of the polynomial: each step of Newton's method doubles the bits that are right."""
    x, good = arb(guess), 24  # of a float's 53: eigenvalues are right to the size of the largest
    while good < bits:
        good *= 2
        with working(good + 64):
            value, before = (each.mid() for each in laguerre(count, order, x))
            x = (x - value * x / (count * value - (count + order) * before)).mid()
    return x


def node(count: int, order: arb, guess: float, bits: int) -> arb:
    """A zero of the polynomial: between two ends where the polynomial certainly has different signs."""
    x = newton(count, order, guess, bits // 2)
    reach = abs(x) * arb(2) ** -(bits // 2)
    low, high = (laguerre(count, order, end)[0] for end in (x - reach, x + reach))
    if not low * high < 0:
        raise ArithmeticError("a node of the quadrature is not proved")
    return x + arb(0, reach.upper())


def quadrature(count: int, order: fmpq, bits: int) -> list[tuple[arb, arb]]:
    """Nodes and weights for a Gamma variable of shape order + 1: exact for polynomials of degree 2·count - 1."""
    with working(bits):
        a = arb(order)
        nodes = [node(count, a, float(guess), bits) for guess in guesses(count, float(a))]
        if not all(one < other for one, other in zip(nodes, nodes[1:], strict=False)):
            raise ArithmeticError("two nodes of the quadrature are not proved to differ")
        scale = (a + count + 1).gamma() / (a + 1).gamma() / arb(count + 1).gamma()
        return [(x, scale * x / ((count + a) * laguerre(count, a, x)[1]) ** 2) for x in nodes]


# -- moments ----------------------------------------------------------------------------------------------------


class Terms(NamedTuple):
    """What is averaged over the data: entries of A, products of them, and the diagonal of (1 - A)² S⁻¹."""

    a11: arb
    a22: arb
    a11_squared: arb
    a22_squared: arb
    a12_squared: arb
    a11_a22: arb
    noise11: arb
    noise22: arb


def terms(run: Run, s: arb, q: arb) -> Terms:
    """The terms for data with these s and q, by the eigenvalues of S."""
    middle = (s + q + 1) / 2
    root = (middle * middle - s).sqrt()
    low, high = s / (middle + root), middle + root
    powers = [(1 - 2 * arb(run.rate) * value) ** run.steps for value in (low, high)]
    noises = [(1 - power) ** 2 / value for power, value in zip(powers, (low, high), strict=True)]
    plain, slope = line(low, high, powers)
    flat, steep = line(low, high, noises)
    a11, a22 = plain + slope * (s + q), plain + slope
    noise = flat + steep * (s + q), flat + steep
    return Terms(a11, a22, a11 * a11, a22 * a22, slope * slope * q, a11 * a22, *noise)


def line(low: arb, high: arb, values: list[arb]) -> tuple[arb, arb]:
    """The line through a function's values at both eigenvalues; of S itself it is the function of S."""
    slope = (values[1] - values[0]) / (high - low)
    return values[0] - slope * low, slope


def largest(run: Run, s: arb, q: arb) -> arb:
    """A bound of every term: with the eigenvalues of S below its trace t, |1 - 2rλ| is at most g = max(1, 2rt), entries
    of A and their products at most g²ᵀ, and those of (1 - A)² S⁻¹ at most 4r²T²t g²ᵀ."""
    rate, trace = arb(run.rate), s + q + 1
    growth = (2 * rate * trace).max(1) ** (2 * run.steps)
    return growth * (4 * rate**2 * run.steps**2 * trace).max(1)


@lru_cache(maxsize=8)
def distribution(run: Run = DOCUMENTED) -> Distribution:
    """The exact moments of (W, B) after the run; ArithmeticError, in a sentence, where they cannot be had."""
    if not 1 <= run.steps <= MOST:
        raise ArithmeticError(f"Where a random run ends is computed for 1 to {MOST} steps, and not for {run.steps}")
    if run.examples < 2:
        raise ArithmeticError(f"Where a random run ends is computed for 2 examples or more, not for {run.examples}")
    bits = 4 * run.steps + 400  # balls of a recurrence of T steps grow by less than 2²ᵀ, at the ends and at the node
    for attempt in range(TRIES):
        found = moments(run, bits << attempt)
        if found is not None and narrow(found):
            return found
    raise ArithmeticError(f"Where a run of {run.steps} steps at the rate {run.rate} ends cannot be enclosed")


def moments(run: Run, bits: int) -> Distribution | None:
    """The moments by quadrature at a precision; None where it does not prove the nodes."""
    n, count = run.examples, run.steps + 1
    try:
        lengths, spreads = (quadrature(count, order, bits) for order in (fmpq(-1, 2), fmpq(n - 3, 2)))
    except ArithmeticError:
        return None
    with working(SUMS):
        last_s, last_q = 2 * spreads[-1][0] / n, 2 * lengths[-1][0] / n
        rows, rest = kept([(2 * y / n, weight, largest(run, 2 * y / n, last_q)) for y, weight in spreads])
        columns, more = kept([(2 * z / n, weight, largest(run, last_s, 2 * z / n)) for z, weight in lengths])
        sums = [arb(0)] * len(Terms._fields)
        for s, weight in rows:
            for q, other in columns:
                both = weight * other
                sums = [a + both * b for a, b in zip(sums, terms(run, s, q), strict=True)]
        return gathered(run, Terms(*(each + arb(0, (rest + more).upper()) for each in sums)))


def kept(rule: Sequence[tuple[arb, arb, arb]]) -> tuple[list[tuple[arb, arb]], arb]:
    """The nodes that count, with their weights, and a bound of the others, for the other rule's weights sum up to 1."""
    found, rest = [], arb(0)
    for value, weight, most in rule:
        if weight * most < arb(2) ** -SUMS:
            rest += weight * most
        else:
            found.append((value, weight))
    return found, rest


def narrow(found: Distribution) -> bool:
    """Whether every moment is known to many bits: the means beside their deviations, the covariance likewise."""
    if not all(v > 0 and v.rel_accuracy_bits() >= NARROW for v in found.variance):
        return False
    size = min(v.lower() for v in found.variance)
    rest = [m.rad() ** 2 for m in found.mean] + [found.covariance.rad()]
    return all(each < size * arb(2) ** -NARROW for each in rest)


def gathered(run: Run, e: Terms) -> Distribution:
    """The moments of (W, B) from the averages of the terms; odd powers of mean x vanish on average."""
    w, b = (start - true for start, true in zip(run.start, run.true, strict=True))
    means = w * e.a11, b * e.a22
    squares = (
        e.noise11 / run.examples + w * w * e.a11_squared + b * b * e.a12_squared,
        e.noise22 / run.examples + w * w * e.a12_squared + b * b * e.a22_squared,
    )
    return Distribution(
        (run.true[0] + means[0], run.true[1] + means[1]),
        (squares[0] - means[0] ** 2, squares[1] - means[1] ** 2),
        w * b * (e.a11_a22 + e.a12_squared) - means[0] * means[1],
    )


def expected_data(run: Run = DOCUMENTED) -> tuple[arb, arb]:
    """(W, B) after the run if mean x² were 1, mean x 0 and the noise nothing: the start's distance times (1 - 2r)ᵀ."""
    with working(SUMS):
        left = (1 - 2 * arb(run.rate)) ** run.steps
        w, b = (true + (start - true) * left for start, true in zip(run.start, run.true, strict=True))
        return w, b


# -- a pair, and many ----------------------------------------------------------------------------------------------


def judgeable(run: Run) -> Distribution:
    """The run's moments; ArithmeticError where a deviation exceeds the start's distance: then any pair is plausible."""
    found, far = distribution(run), max(abs(start - true) for start, true in zip(run.start, run.true, strict=True))
    for name, variance in zip("WB", found.variance, strict=True):
        if not variance <= far**2:
            size = variance.sqrt().str(3, radius=False)
            raise ArithmeticError(
                f"At the rate {run.rate} the run diverges: after {run.steps} steps {name} has a standard deviation of "
                f"{size}, and the start is {far} from the truth, so that no pair can be judged"
            )
    return found


def placed(pair: tuple[float, float], run: Run = DOCUMENTED) -> Placed:
    """Where a pair lies among the run's ends, and what that says of the claim that it is what it should be."""
    found = judgeable(run)
    mean = [float(m) for m in found.mean]
    spread = [math.sqrt(float(v)) for v in found.variance]
    correlation = float(found.covariance) / (spread[0] * spread[1])
    z = tuple((got - m) / s for got, m, s in zip(pair, mean, spread, strict=True))
    distance = (z[0] ** 2 - 2 * correlation * z[0] * z[1] + z[1] ** 2) / (1 - correlation**2)
    p = math.exp(-distance / 2)  # χ² with two degrees of freedom
    away = tuple((got - true) / s for got, true, s in zip(pair, run.true, spread, strict=True))
    left = tuple(m - true for m, true in zip(mean, run.true, strict=True))
    sentence = said(pair, z, p) + claimed(run, away, left)
    return Placed((z[0], z[1]), distance, p, (away[0], away[1]), (left[0], left[1]), sentence)


def said(pair: tuple[float, float], z: Sequence[float], p: float) -> str:
    """Whether the program may have ended at a pair."""
    plausible = "a plausible draw" if p > RARE else "no plausible draw"
    return (
        f"W = {pair[0]:.9g}, B = {pair[1]:.9g} is {plausible} of this program: {z[0]:+.2f} and {z[1]:+.2f} standard "
        f"deviations from the exact means; of a normal law with these moments a share of {p:.2g} lies farther out."
    )


def claimed(run: Run, away: Sequence[float], left: Sequence[float]) -> str:
    """Whether a pair matches what the data are made with, within what noise explains."""
    words = ""
    for k, name in enumerate("WB"):
        if abs(away[k]) > FAR:
            begun = run.start[k] - run.true[k]
            words += (
                f" But {name} is {abs(away[k]):.1f} standard deviations from {run.true[k]}, which is no noise: of the "
                f"distance {begun} at the start {left[k]:.3f} is left on average after {run.steps} steps."
            )
    return words or f" It matches {run.true[0]} and {run.true[1]} within {FAR:g} standard deviations."


def drawn(count: int, run: Run = DOCUMENTED, seed: int = 0) -> np.ndarray:
    """Many such runs in NumPy's double precision, step by step on their own data: an array (count, 2) of W and B."""
    random = np.random.default_rng(seed)
    rate, ends = float(run.rate), np.empty((count, 2))
    for k in range(count):
        x, noise = random.standard_normal((2, run.examples))
        y = run.true[0] * x + run.true[1] + noise
        ends[k] = trained(x, y, run, rate)
    return ends


def trained(x: np.ndarray, y: np.ndarray, run: Run, rate: float) -> tuple[float, float]:
    """Gradient descent on the mean squared error, by the data's five means."""
    w, b = map(float, run.start)
    xx, xy, mean_x, mean_y = (x * x).mean(), (x * y).mean(), x.mean(), y.mean()
    for _ in range(run.steps):
        w, b = w - 2 * rate * (w * xx + b * mean_x - xy), b - 2 * rate * (w * mean_x + b - mean_y)
    return w, b
