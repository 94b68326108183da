"""What may stand behind a printed number; sums in any order; the envelope of a training: bounds that are proved."""

from decimal import Decimal
from fractions import Fraction
from functools import cache
from itertools import combinations
from time import process_time

import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import given
from hypothesis import strategies as st

from reference.golden.departure import as_printed
from reference.golden.envelope import envelopes, interval
from reference.golden.imitation import imitated, orders_of
from reference.golden.log import Log
from reference.golden.models import rate_of
from reference.golden.printed import Number, Template, Unlike, apart, behind, nearest, true_digits
from reference.golden.summation import ORDERS, any_order, error_of_any_order, half_unit
from reference.golden.trajectory import exact_of, trajectory
from reference.programs.regression import AREA, PRICE
from tests.logs import documented

# -- one line --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("between", [".", "e", "-", "+", "..", " ", "nan", "1"])
def test_a_line_is_read_in_one_pass(between: str) -> None:
    """A hundred numbers, parted by what a number may contain, and a line that does not end as it should: no search."""
    line, begun = between.join(["1"] * 300)[:1900] + "x", process_time()
    with pytest.raises(Unlike):
        list(Template(between.join(f"{{a{k}}}" for k in range(100))).read(line, 1, "fixed", "float64"))
    assert process_time() - begun < 2


@pytest.mark.parametrize(
    "pattern, line, texts",
    [
        ("{i}. w: {w}.", "3. w: 0.5.", ["0.5"]),
        ("{i}. w: {w}.", "3. w: 5.", ["5"]),
        ("{w}...", "12...", ["12"]),
        ("[[ {w}]", "[[ 0.]", ["0."]),
        ("{w}-{b}", "1e-5--2.", ["1e-5", "-2."]),
    ],
)
def test_a_number_ends_where_its_pattern_says(pattern: str, line: str, texts: list[str]) -> None:
    """A full stop after a number is the sentence's, if the pattern has one there."""
    assert [number.text for number in Template(pattern).read(line, 1, "fixed", "float64")] == texts


# -- one number -----------------------------------------------------------------------------------------------------


def test_a_fixed_decimal_stands_for_half_a_unit_either_side() -> None:
    """All floats that C prints so lie in the interval, and their neighbours' decimals outside it."""
    found = behind("loss", "89.861855", "fixed", "float32")
    assert found is not None and (found.low, found.high) == (Fraction("89.8618545"), Fraction("89.8618555"))
    assert Fraction("89.8618545") in found and Fraction("89.86185449") not in found


def test_a_shortest_decimal_stands_for_one_float() -> None:
    """0.0175879 is the float32 0.017587900161743164, and no other."""
    found = behind("y", "0.0175879", "shortest", "float32")
    assert found is not None and Fraction(0.017587900161743164) in found
    assert nearest(found, 0.01758795976638794, "float32") == 0.017587900161743164
    assert Fraction(0.01758795976638794) not in found


@pytest.mark.parametrize(
    "text, dtype, there",
    [
        ("0.867380381", "float32", True),  # all nine digits
        ("0.8673804", "float32", True),  # the shortest
        ("0.867380380", "float32", False),  # rounds to the same float, and nothing prints it so
        ("0.86738038", "float32", True),  # as NumPy 1.13 prints an array's elements
        ("0.86738037", "float32", False),
        ("0.1", "float64", True),
        ("0.10000000000000001", "float64", True),
        ("0.10000000000000000", "float64", True),
        ("0.30000000000000001", "float64", False),
    ],
)
def test_what_no_float_is_printed_as_stands_for_none(text: str, dtype: str, there: bool) -> None:
    """A last digit that is wrong is noticed even where the decimal rounds to the right float."""
    found = behind("x", text, "shortest", dtype)
    assert found is not None and (nearest(found, float(np.dtype(dtype).type(text)), dtype) is not None) == there


def test_a_decimal_that_is_cut_off_stands_for_one_unit_upwards() -> None:
    """3.018173... is not rounded: 3.0181739 may stand behind it, and 3.0181729 not."""
    found = behind("W", "3.018173", "shortest", "float32", cut=True)
    assert found is not None and Fraction("3.0181739") in found
    assert Fraction("3.0181729") not in found and Fraction("3.018174") not in found
    below = behind("W", "-3.018173", "shortest", "float32", cut=True)
    assert below is not None and Fraction("-3.0181739") in below and Fraction("-3.0181729") not in below


def test_a_decimal_behind_which_no_float_stands_is_noticed() -> None:
    """Between 89.861855 and its neighbour 89.861862 float32 has nothing: 89.861858 is a misprint."""
    for text, there in (("89.861855", True), ("89.861862", True), ("89.861858", False)):
        found = behind("loss", text, "fixed", "float32")
        assert found is not None and (nearest(found, 89.86185455322266, "float32") is not None) == there
    assert apart(89.86185455322266, 89.86186218261719, "float32") == 1


@pytest.mark.parametrize("text", ["nan", "-inf", "9" * 61])
def test_what_has_no_digits_to_judge_is_refused(text: str) -> None:
    """NaN, infinities, and more digits than anything prints."""
    with pytest.raises(Unlike):
        behind("loss", text, "fixed", "float64")
    with pytest.raises(Unlike):
        behind("loss", "1e300", "shortest", "float32")


@pytest.mark.parametrize(
    "text, exact, digits",
    [
        ("89.861855", "89.861841483", (6, 8)),
        ("89.861841", "89.861841483", (8, 8)),
        ("-1.153052", "-1.153052576", (6, 7)),
        ("0.082565", "0.0825653", (5, 5)),
        ("5.0", "-5.0", (0, 2)),
    ],
)
def test_digits_that_are_true(text: str, exact: str, digits: tuple[int, int]) -> None:
    """A digit is true up to half a unit of it."""
    number = Number(1, "loss", 0, text, "float64", behind("loss", text, "fixed", "float64"))
    assert true_digits(number, arb(exact)) == digits


@given(st.integers(-(10**12), 10**12), st.integers(0, 9))
def test_an_exact_value_prints_as_c_prints_it(units: int, places: int) -> None:
    """Rounded to decimals as `%f` rounds, where no tie is near."""
    exact = Fraction(units, 10**places) + Fraction(1, 3 * 10**places)
    printed = as_printed(arb(exact.numerator) / exact.denominator, places)
    assert Fraction(printed) == Fraction(units, 10**places) and len(printed.partition(".")[2]) == places


# -- sums in any order ----------------------------------------------------------------------------------------------


def every_sum(values: tuple[float, ...]) -> set[float]:
    """What any order, and any bracketing, of a float32 sum gives: all binary trees."""

    @cache
    def of(places: frozenset[int]) -> frozenset[float]:
        if len(places) == 1:
            return frozenset(float(np.float32(values[k])) for k in places)
        found = set()
        first = min(places)
        rest = sorted(places - {first})
        for size in range(len(rest)):
            for chosen in combinations(rest, size):
                left = frozenset({first, *chosen})
                for a in of(left):
                    found |= {float(np.float32(a) + np.float32(b)) for b in of(places - left)}
        return frozenset(found)

    return set(of(frozenset(range(len(values)))))


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=2, max_size=6))
def test_no_order_of_a_sum_leaves_its_interval(values: list[float]) -> None:
    """Every binary tree over up to six floats."""
    low, high = any_order(values, "float32")
    assert all(low <= Fraction(found) <= high for found in every_sum(tuple(values)))


def test_the_bound_is_reached() -> None:
    """1 + 2⁻²⁴ + 2⁻²⁴ + … from the large end loses everything: a smaller bound would be wrong."""
    values = [1.0, *[2.0**-24] * 4]
    low, _ = any_order(values, "float32")
    assert low == 1 and min(every_sum(tuple(values))) == 1.0
    assert error_of_any_order([Fraction(v) for v in values], "float32") == 4 * Fraction(1, 2**24)


@given(st.fractions(Fraction(1, 10**12), 10**12))
def test_half_a_unit_is_half_the_spacing(size: Fraction) -> None:
    """Against NumPy's spacing at the float below."""
    below = np.float32(float(size))
    if Fraction(float(below)) > size:
        below = np.nextafter(below, np.float32(0))
    assert half_unit(size, "float32") * 2 == Fraction(float(np.spacing(below)))


@given(st.lists(st.floats(-1e3, 1e3, width=32), min_size=1, max_size=40))
def test_named_orders_are_orders(values: list[float]) -> None:
    """Each adds every number once, and none leaves the interval."""
    low, high = any_order(values, "float32")
    for name, order in ORDERS.items():
        assert low <= Fraction(float(order(np.array(values, dtype=np.float32)))) <= high, name
        assert order(np.arange(len(values), dtype=np.float64)) == len(values) * (len(values) - 1) / 2, name


# -- the envelope and the exact trajectory --------------------------------------------------------------------------


def strays(log: Log, setting: dict, dtype: str, order: str) -> int:
    """How many numbers of an imitated training lie outside the envelope of a log's."""
    count = 0
    for values, here in zip(imitated(log, setting, dtype, order), envelopes(log, log.effective), strict=True):
        bounds = {"loss": [here.loss], "y": [here.loss], "W": here.parameters, "x": here.parameters}
        bounds |= {name: [found] for name, found in zip("wb", here.parameters, strict=False)}
        for name in values.keys() & bounds.keys():
            for value, bound in zip(values[name], bounds[name], strict=True):
                count += Fraction(value) not in interval(bound)
    return count


@pytest.mark.parametrize("name", ["L1", "L2", "L3", "L4", "L5", "L6", "S4c", "S4d"])
def test_every_order_stays_in_the_envelope(name: str) -> None:
    """Trainings in float32 and float64, with every named order of sums, in every step."""
    for dtype in ("float32", "float64"):
        log = documented(name)
        setting = {**log.effective, "iterations": min(100, log.effective["iterations"])}
        log = log._replace(dtype=dtype, effective=setting)
        for order in orders_of(log, dtype)[:: 1 if name == "L3" else 7]:
            assert strays(log, setting, dtype, order) == 0, (dtype, order)


@pytest.mark.parametrize(
    "change", [{"rate": 0.00010001}, {"gradient": "sum"}, {"loss": "after"}, {"rate": 0.0002}], ids=str
)
def test_another_training_leaves_the_envelope(change: dict) -> None:
    """A rate that is one in ten thousand off, a gradient not divided by n, a loss taken late: in float32 too."""
    log = documented("L3")
    assert strays(log, {**log.effective, **change}, "float32", "adjacent pairs") > 0


def test_float32_leaves_the_envelope_of_float64() -> None:
    """The envelope knows its dtype."""
    log = documented("L2")
    assert strays(log, log.effective, "float32", "in turn") > 0


def test_the_exact_trajectory_is_that_of_rational_arithmetic() -> None:
    """Three steps of univariate regression written out in fractions lie in the balls, which are narrower than 1e-60."""
    log = documented("L2")
    steps = list(trajectory(log, log.effective))
    random = np.random.RandomState(612)
    w, b = Fraction(random.randn()), Fraction(random.randn())
    x, y = [Fraction(repr(v)) for v in AREA], [Fraction(repr(v)) for v in PRICE]
    for step in steps[:3]:
        residuals = [w * a + b - c for a, c in zip(x, y, strict=True)]
        loss = sum(r * r for r in residuals) / 32
        w -= Fraction("0.0001") * sum(r * a for r, a in zip(residuals, x, strict=True)) / 16
        b -= Fraction("0.0001") * sum(residuals) / 16
        with ctx.workprec(2000):
            for ball, value in zip([step.loss, *step.parameters], [loss, w, b], strict=True):
                assert ball.contains(arb(value.numerator) / value.denominator) and ball.rad() < arb("1e-60")


def test_how_many_printed_digits_are_true() -> None:
    """float64 prints nothing but true digits in six decimals; float32's losses have six to eight that are true."""
    for name, true, printed in (("L1", 234, 234), ("L2", 233, 233), ("L3", 214, 233), ("L4", 92, 92), ("L5", 91, 91)):
        log = documented(name)
        steps = list(trajectory(log, log.effective))
        pairs = [(n, exact_of(log, steps[n.step], n.name, n.element)) for n in log.numbers if n.step is not None]
        found = [true_digits(number, ball) for number, ball in pairs if ball is not None]
        assert tuple(map(sum, zip(*found, strict=True))) == (true, printed), name


def test_zeros_have_one_sum_and_tiny_numbers_may_be_flushed() -> None:
    """Nothing rounds in a sum of zeros; where a partial sum can be subnormal, it can be zero."""
    assert any_order([0.0] * 16, "float32") == (0, 0)
    low, high = any_order([3 * 2.0**-126, -2.75 * 2.0**-126], "float32")
    assert low <= 0 <= high and low <= Fraction(2) ** -128 <= high
    low, high = any_order([1.0, 2.0, 3.0], "float32")
    assert low > 6 - Fraction(1, 10**5)


def test_a_rate_is_rounded_as_a_program_rounds_it() -> None:
    """Python's float first, then the dtype: half way between two float32 the second rounding sees a tie."""
    rate = Decimal("0.0001220703197759576141834259043203125")
    assert rate_of({"rate": rate}, "float32") == Fraction(float(np.float32(float(rate))))


@pytest.mark.parametrize("digits", ["\uff13.\uff12", "\u0663.\u0662"])
def test_only_ascii_digits_are_digits(digits: str) -> None:
    """Full-width and Arabic digits are no number that a program printed."""
    with pytest.raises(Unlike, match="does not read as"):
        list(Template("w: {w}").read(f"w: {digits}", 1, "fixed", "float64"))
