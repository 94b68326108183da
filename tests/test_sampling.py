"""Document 003's unseeded run: the exact moments of where it ends, checked in closed form and by seeded draws."""

import numpy as np
import pytest
from flint import arb, fmpq

from reference import sampling
from reference.balls import working
from reference.sampling import DOCUMENTED, Distribution, Run, distribution, drawn, expected_data, placed, quadrature

PAIR = (3.018173, 2.17251)
SHORT = Run(examples=40, steps=12, rate="0.05")


def by_statistics(count: int, run: Run, seed: int = 0) -> np.ndarray:
    """Ends of many runs, drawn by what they depend on: S from a normal and a χ² number, u given S."""
    random, n, rate = np.random.default_rng(seed), run.examples, float(run.rate)
    mean, s = random.standard_normal(count) / np.sqrt(n), random.chisquare(n - 1, count) / n
    square = s + mean**2
    second = random.standard_normal(count) / np.sqrt(n)
    noise_b = second
    noise_w = mean * second + np.sqrt(s) * random.standard_normal(count) / np.sqrt(n)
    w, b = (np.full(count, float(start - true)) for start, true in zip(run.start, run.true, strict=True))
    for _ in range(run.steps):
        w, b = w - 2 * rate * (square * w + mean * b - noise_w), b - 2 * rate * (mean * w + b - noise_b)
    return np.stack([w + run.true[0], b + run.true[1]], axis=1)


def off(ends: np.ndarray, exact: Distribution) -> float:
    """How far the means, variances and covariance of draws are from exact ones, in their own standard errors."""
    centred = ends - [float(m) for m in exact.mean]
    rows = [centred[:, 0], centred[:, 1]]
    rows += [centred[:, k] ** 2 - float(v) for k, v in enumerate(exact.variance)]
    rows += [centred[:, 0] * centred[:, 1] - float(exact.covariance)]
    return max(abs(row.mean()) / (row.std() / np.sqrt(len(row))) for row in rows)


def test_one_step_is_the_closed_form() -> None:
    """After one step the variances are 4r²(2w² + b² + 1)/n and 4r²(w² + 1)/n, the covariance 4r²wb/n."""
    run = Run(examples=10, steps=1, rate="0.01")
    found, (w, b) = distribution(run), (2, 8)
    with working(200):
        unit = 4 * arb("0.01") ** 2 / 10
        exact = [
            3 + w * arb("0.98"),
            2 + b * arb("0.98"),
            unit * (2 * w * w + b * b + 1),
            unit * (w * w + 1),
            unit * w * b,
        ]
    for ball, value in zip([*found.mean, *found.variance, found.covariance], exact, strict=True):
        assert ball.overlaps(value) and ball.rad() < 1e-30


def test_the_quadrature_is_exact() -> None:
    """Its weights are certainly one together, and the moments of χ² come out up to the last degree and no further."""
    rule = quadrature(6, fmpq(7, 2), 900)
    with working(900):
        moment = arb(1)
        for k in range(13):
            found = sum((weight * x**k for x, weight in rule), arb(0))
            assert found.overlaps(moment) == (k < 12)
            moment *= arb(fmpq(9, 2)) + k


def test_more_nodes_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The terms are polynomials of the degree that is claimed: more nodes give the same balls, fewer other ones."""
    exact = distribution(SHORT)
    real = sampling.quadrature
    for more, same in ((5, True), (-2, False)):
        monkeypatch.setattr(sampling, "quadrature", lambda count, *rest, more=more: real(count + more, *rest))
        found = distribution.__wrapped__(SHORT)
        pairs = zip([*found.mean, *found.variance], [*exact.mean, *exact.variance], strict=True)
        assert all(one.overlaps(other) for one, other in pairs) == same


def test_draws_agree_with_the_exact_moments() -> None:
    """200,000 seeded draws by sufficient statistics and 1000 whole data sets: within five standard errors."""
    exact = distribution()
    assert off(by_statistics(200_000, DOCUMENTED), exact) < 5
    assert off(drawn(1000), exact) < 5


@pytest.mark.parametrize(
    "wrong",
    [
        DOCUMENTED._replace(rate="0.005"),  # the gradient forgets its factor 2
        DOCUMENTED._replace(steps=199),
        DOCUMENTED._replace(start=(10, 5)),
        DOCUMENTED._replace(examples=2000),
    ],
)
def test_a_wrong_run_is_told(wrong: Run) -> None:
    """Half the rate, one step less, the start swapped, twice the examples: none has these moments."""
    assert off(by_statistics(200_000, wrong), distribution()) > 8


def test_the_documented_pair_is_a_plausible_draw() -> None:
    """W and B lie half and one standard deviation from the exact means, 3.03605 ± 0.03673 and 2.14187 ± 0.03146."""
    found, exact = placed(PAIR), distribution()
    assert [round(float(m), 5) for m in exact.mean] == [3.03605, 2.14187]
    assert [round(float(v) ** 0.5, 5) for v in exact.variance] == [0.03673, 0.03146]
    assert [round(z, 2) for z in found.z] == [-0.49, 0.97] and round(found.p, 3) == 0.532
    assert "is a plausible draw of this program: -0.49 and +0.97 standard deviations" in found.sentence


def test_the_claim_that_it_matches_is_judged() -> None:
    """W matches 3; B is 5.5 deviations above 2, because 0.98²⁰⁰ of its start is left: 2.1407 without any noise."""
    found = placed(PAIR)
    assert abs(found.from_true[0]) < 0.5 and round(found.from_true[1], 1) == 5.5
    assert (
        "But B is 5.5 standard deviations from 2, which is no noise: of the distance 8 at the start 0.142"
        in found.sentence
    )
    w, b = expected_data()
    assert (round(float(w), 3), round(float(b), 3)) == (3.035, 2.141)


def test_the_share_is_that_of_draws() -> None:
    """As many draws are farther out as the normal distribution with the same moments says, within a hundredth."""
    ends, exact = by_statistics(50_000, DOCUMENTED, seed=1), distribution()
    centred = ends - [float(m) for m in exact.mean]
    c = float(exact.covariance)
    inverse = np.linalg.inv([[float(exact.variance[0]), c], [c, float(exact.variance[1])]])
    distances = np.einsum("ki,ij,kj->k", centred, inverse, centred)
    assert (distances > placed(PAIR).distance).mean() == pytest.approx(placed(PAIR).p, abs=0.01)


@pytest.mark.parametrize("pair, words", [((3.018173, 2.4), "no plausible draw"), ((3.3, 2.14), "But W is 8.2")])
def test_another_pair_is_no_draw(pair: tuple[float, float], words: str) -> None:
    """A wrong digit in either number, and the pair is out of reach."""
    found = placed(pair)
    assert found.p < 1e-9 and words in found.sentence and "no plausible draw" in found.sentence


def test_many_steps_have_finite_moments() -> None:
    """The precision grows with the steps: after 300 W's mean is that of draws, and every ball is narrow."""
    run = DOCUMENTED._replace(steps=300)
    found = distribution(run)
    assert all(v.rel_accuracy_bits() >= 50 for v in (*found.mean, *found.variance))
    assert off(by_statistics(50_000, run), found) < 5


@pytest.mark.deep
def test_a_thousand_steps_have_finite_moments() -> None:
    """As many as are computed at all: B's mean is 2, W's 3; the variances are least squares'."""
    found = distribution(DOCUMENTED._replace(steps=sampling.MOST))
    assert [round(float(m), 5) for m in found.mean] == [3, 2]
    assert [float(v) for v in found.variance] == pytest.approx([1 / 997, 0.001 * (1 + 1 / 997)], rel=1e-4)


def test_too_little_precision_is_no_distribution(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a fixed precision that the steps outgrow, NaN would come: it is told apart, and the next try has more."""
    assert not (found := sampling.moments(SHORT, 24)) or not sampling.narrow(found)
    real, asked = sampling.moments, []
    monkeypatch.setattr(sampling, "moments", lambda run, bits: asked.append(bits) or real(run, bits * 80 // 448))
    distribution.__wrapped__(SHORT)
    assert len(asked) > 1 and asked == [asked[0] << k for k in range(len(asked))]


@pytest.mark.parametrize(
    "run, words",
    [
        (Run(steps=0), "is computed for 1 to 1000 steps, and not for 0"),
        (Run(steps=1001), "and not for 1001"),
        (Run(examples=1), "for 2 examples or more, not for 1"),
        (SHORT._replace(rate="nan"), "cannot be enclosed"),
    ],
)
def test_what_cannot_be_had_is_said(run: Run, words: str) -> None:
    """Never NaN: a sentence."""
    with pytest.raises(ArithmeticError, match=words):
        distribution(run)


def test_a_run_that_diverges_places_nothing() -> None:
    """At the rate 0.9 and after 40 steps a deviation is beyond all distances, and any pair would be plausible."""
    with pytest.raises(ArithmeticError, match="At the rate 0.9 the run diverges: after 40 steps W has a standard"):
        placed(PAIR, Run(steps=40, rate="0.9"))


def test_the_share_is_said_of_a_normal_law() -> None:
    """Only the moments are exact, and the sentence says so."""
    assert "of a normal law with these moments a share of 0.53 lies farther out." in placed(PAIR).sentence
