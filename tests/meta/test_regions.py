"""How large a region is: counts that are known in closed form, and what a count must not overlook."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from reference import regions
from reference.limits import LIMITS
from reference.line import floats, places, span
from reference.op import FLOATS, INF, Domain, NonNegative, Reals, Unit
from reference.regions import PAIRS, Size, count, ops_of, pairs, size
from reference.ulp import FORMATS, next_down, next_up

BINADE = 2**23  # floats of float32
FINITE = 255 * BINADE  # of either sign, zero included: 254 binades and the subnormal numbers
HALF_PI = math.pi / 2

CLOSED = [
    ("nothing", lambda x: False, Reals, 0),
    ("everything but NaN", lambda x: True, Reals, 2 * (FINITE + 1)),
    ("below zero", lambda x: x < 0, Reals, FINITE),
    ("at most one in size", lambda x: abs(x) <= 1, Reals, 2 * (127 * BINADE + 1)),
    ("all of the unit interval", lambda x: True, Unit, 2 * (127 * BINADE + 1)),
    ("a binade", lambda x: 1 <= x < 2, Reals, BINADE),
    ("a binade far out", lambda x: 2.0**100 <= x < 2.0**101, Reals, BINADE),
    ("subnormal numbers", lambda x: 0 < abs(x) < 2.0**-126, Reals, 2 * (BINADE - 1)),
    ("both zeros", lambda x: x == 0, Reals, 2),
    ("one zero", lambda x: x == 0 and math.copysign(1, x) < 0, NonNegative, 1),
    ("one float", lambda x: x == 3, Reals, 1),
    ("infinity", math.isinf, NonNegative, 1),
    ("all but one float", lambda x: x != 1, Reals, 2 * (FINITE + 1) - 1),
    ("two pieces", lambda x: x < -4 or 8 <= x < 16, Reals, FINITE + 1 - 129 * BINADE - 1 + BINADE),
]


@pytest.mark.parametrize("covers, domain, wanted", [c[1:] for c in CLOSED], ids=[c[0] for c in CLOSED])
def test_counts_in_closed_form(covers: Callable[[float], bool], domain: Domain, wanted: int) -> None:
    """What can be counted on paper is counted so."""
    found = count(covers, domain, "float32")
    assert found.inputs == wanted and found.exact


@pytest.mark.parametrize("border", [HALF_PI, 5.0, -1e30])
def test_a_border_one_ulp_off_is_noticed(border: float) -> None:
    """A region that ends one float later has one float more."""
    edge = float(np.float32(border))
    ends = (next_down(edge, "float32"), edge, next_up(edge, "float32"))
    below, honest, above = (count(lambda x, end=end: x <= end, Reals, "float32").inputs for end in ends)
    assert above - honest == honest - below == 1
    assert honest == int(places([edge], "float32")[0]) - span(Reals, "float32")[0] + 1


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_every_float_of_16_bits_is_asked(dtype: str) -> None:
    """Any pattern is counted exactly, be it as irregular as one likes."""
    found = count(lambda x: x < 0 and math.isfinite(x) and int(abs(x)) % 7 == 3, Reals, dtype)
    first, last = span(Reals, dtype)
    every = floats(np.arange(first, last + 1), dtype)
    wanted = sum(int(-x) % 7 == 3 for x in every[(every < 0) & np.isfinite(every)].tolist())
    assert (found.inputs, found.of, found.exact) == (wanted, len(every), True)


def test_islands_between_the_grids_places_are_an_estimate() -> None:
    """Where one float between two places of the grid disproves the assumption, the count says `about`."""
    odd = lambda x: bool(int(math.ldexp(math.frexp(x)[0], 24)) % 2)
    found = count(odd, Domain(1.0, 2.0**40), "float32")
    assert not found.exact and abs(found.share - 0.5) < 0.01 and str(found).startswith("about 170,000,000")


def test_without_the_bisection_a_count_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """A border taken where the grid happens to stand is no border."""
    edge = float.fromhex("0x1.2345p+7")
    honest = count(lambda x: x <= edge, Reals, "float32").inputs
    monkeypatch.setattr(regions, "changed", lambda covers, low, high, begins, dtype: high)
    assert count(lambda x: x <= edge, Reals, "float32").inputs > honest + 100


def test_pairs_are_a_share() -> None:
    """A quarter of all pairs has two negative numbers; a line has next to none."""
    quarter = pairs(lambda a, b: a < 0 and b < 0, (Reals, Reals), "float32")
    assert abs(quarter.share - 0.25) < 0.002 and str(quarter).startswith("1 in 4")
    eighth = pairs(lambda a, b: a < 0 and abs(b) < 2.0**-64, (Reals, Reals), "float32")
    assert abs(eighth.share - 0.5 * (127 - 64) / 255) < 0.004
    assert str(pairs(lambda a, b: a == b, (Reals, Reals), "float32")) == f"fewer than 1 in {PAIRS:,} pairs"


def test_sizes_in_words() -> None:
    """Exact counts to the last digit, estimates to two digits."""
    assert str(Size(1234567, 2**32, True)) == "1,234,567" and str(Size(1234567, 2**32, False)) == "about 1,200,000"


@pytest.mark.parametrize("limit", LIMITS[::10], ids=lambda limit: limit.name)
def test_a_limits_region_is_not_empty(limit: regions.Limit) -> None:
    """A row's first op has floats in its region, in the first two dtypes that both know."""
    op = ops_of(limit)[0]
    found = [size(limit, op, dtype) for dtype in limit.dtypes if dtype in op.dtypes][:2]
    assert all(each is None or each.of == PAIRS or each.inputs > 0 for each in found)


# -- the row of floats ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", FLOATS)
def test_neighbours_have_neighbouring_places(dtype: str) -> None:
    """A place and its float lead to each other, and the next place is the next float."""
    form = FORMATS[dtype]
    sizes = [0.0, form.smallest, form.smallest_normal, 0.5, 1.0, 1.5, form.largest]
    for x in [sign * x for x in sizes for sign in (1, -1)]:
        (place,) = places([x], dtype).tolist()
        assert float(floats([place], dtype)[0]).hex() == x.hex()
        assert float(floats([place + 1], dtype)[0]) == (next_up(x, dtype) if x or math.copysign(1, x) > 0 else 0.0)
    assert places([0.0, -0.0], dtype).tolist() == [0, -1]


@pytest.mark.parametrize("dtype", FLOATS)
def test_a_span_is_what_the_domain_holds(dtype: str) -> None:
    """The first and the last float inside; an end that is no float of the dtype is not passed."""
    for domain in (Unit, NonNegative, Reals, Domain(0.1, 0.3), Domain(-0.3, -0.1), Domain(1.0, INF)):
        first, last = (float(x) for x in floats(list(span(domain, dtype)), dtype))
        assert domain.low <= first and last <= domain.high
        assert domain.low > next_down(first, dtype) or math.isinf(first)
        assert domain.high < next_up(last, dtype) or math.isinf(last)
