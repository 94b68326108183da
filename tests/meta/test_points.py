"""The points judged: representable, inside the domain, complete, without repetition, the same everywhere."""

import hashlib
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from reference import points
from reference.catalogue import OPS
from reference.op import FLOATS, INF, Domain, Op
from reference.ulp import FORMATS, next_down, next_up

ROOT = Path(__file__).resolve().parents[2]
UNARY = [op for op in OPS.values() if op.shapes is None and op.arity == 1]
SEVERAL = [op for op in OPS.values() if op.shapes is None and op.arity > 1]
ARRAYS = [op for op in OPS.values() if op.shapes is not None]
HALF_LINE = Op("log of a shift", "made up", lambda sp, x: sp.log(x - 1), None, None, (Domain(1.0, INF),))
BENT = Op("bent", "made up", lambda sp, x: sp.Piecewise((x, x < 2.5), (3 * x - 5, True)), None, None)
BY_HAND = Op("by hand", "made up", lambda sp, x: sp.exp(x), None, None, at=((0.3,),))


def bits(columns):
    """Each point as text that tells the two zeros apart."""
    return [tuple(float(x).hex() for x in point) for point in zip(*columns, strict=True)]


def values(op, dtype, tier="full"):
    return set(bits(points.points(op, dtype, tier)))


def omissions(found, op, dtype):
    """What a complete set of points of one argument must hold and this one lacks."""
    form, domain = FORMATS[dtype], op.domain[0]
    wanted = {
        "zero": 0.0,
        "minus zero": -0.0,
        "smallest subnormal": form.smallest,
        "largest subnormal": next_down(form.smallest_normal, dtype),
        "smallest normal": -form.smallest_normal,
        "largest": form.largest,
        "infinity": INF,
        "minus infinity": -INF,
        "one": 1.0,
        "NaN": math.nan,
    }
    wanted |= {f"end {end}": end for end in domain if math.isfinite(end)}
    wanted |= {f"kink {kink}": points.rounded(kink, dtype) for (kink,) in points.kinks(op)}
    wanted |= {f"threshold {size}": size for size in points.thresholds(dtype)}
    return sorted(
        name for name, x in wanted.items() if points.inside(op.domain, (x,)) and (float(x).hex(),) not in found
    )


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("tier", ["full", "quick"])
def test_every_point_is_a_float_of_the_dtype_inside_the_domain_and_comes_once(dtype, tier):
    """A point that the dtype cannot hold would be another question than the one asked."""
    for op in [*UNARY[::4], *SEVERAL[::4], HALF_LINE]:
        columns = points.points(op, dtype, tier)
        assert len(set(bits(columns))) == len(columns[0]), op.name
        for column, domain in zip(columns, op.domain, strict=True):
            assert all(points.inside([domain], [x]) for x in column), op.name
            held = np.array([points.rounded(x, dtype) for x in column])
            assert np.array_equal(held, column, equal_nan=True), op.name


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", ["tanh", "asin", "sqrt", "lgamma", "relu6", "sinc"])
def test_nothing_is_omitted(name, dtype):
    """Zeros, ends, kinks, thresholds, subnormals and infinities are all there, where the domain has them."""
    op = OPS[name]
    assert omissions(values(op, dtype), op, dtype) == []


@pytest.mark.parametrize("missing", [0.0, -0.0, INF, 6.0, FORMATS["float32"].smallest])
def test_a_planted_omission_is_noticed(missing):
    """The check above is not blind: take one point away and it speaks."""
    found = values(OPS["relu6"], "float32") - {(float(missing).hex(),)}
    assert omissions(found, OPS["relu6"], "float32")


@pytest.mark.parametrize("dtype", FLOATS)
def test_a_kink_comes_with_its_neighbours(dtype):
    """The branch changes between two neighbouring floats, so both sides are asked."""
    up, down = next_up(2.5, dtype), next_down(2.5, dtype)
    near = {2.5, up, down, next_up(up, dtype), next_down(down, dtype)}
    assert {(x.hex(),) for x in near} <= values(BENT, dtype)


@pytest.mark.parametrize("dtype", FLOATS)
def test_an_end_is_approached_from_inside_by_halving(dtype):
    """Near a singular end each binade of the distance is another magnitude of the derivative."""
    found = values(HALF_LINE, dtype)
    assert {((1.0).hex(),), (next_up(1.0, dtype).hex(),)} <= found
    assert {((1 + 2.0**-k).hex(),) for k in range(1, FORMATS[dtype].precision)} <= found
    assert not any(float.fromhex(x) < 1 for (x,) in found)


@pytest.mark.parametrize("dtype", FLOATS)
def test_every_binade_of_both_signs_is_visited(dtype):
    """Full points leave no power of two out, subnormal ones included; in float64 the signs take turns."""
    (column,) = points.points(OPS["tanh"], dtype)
    finite = column[np.isfinite(column) & (column != 0)]
    for sign in (1, -1):
        visited = set(np.frexp(finite[(np.sign(finite) == sign) | (dtype == "float64")])[1] - 1)
        assert visited == set(points.exponents(dtype))


@pytest.mark.parametrize("dtype, size", [("float32", 88.722839), ("float64", 709.782712893384)])
def test_the_overflow_of_exp_is_a_threshold(dtype, size):
    """The last float whose exponential is finite and the first whose is not are both asked."""
    (column,) = points.points(OPS["exp"], dtype)
    near = [x for x in column if abs(x / size - 1) < 1e-6]
    limit = math.log(FORMATS[dtype].largest)
    assert any(x <= limit for x in near) and any(x > limit for x in near)


@pytest.mark.parametrize("op", UNARY, ids=lambda op: op.name)
def test_sizes_stay_within_what_a_run_can_afford(op):
    """At most so many points per dtype, and at most 300 in a quick run."""
    for dtype in op.dtypes:
        assert len(points.points(op, dtype)[0]) <= points.LIMITS[dtype]
        assert len(points.points(op, dtype, "quick")[0]) <= points.QUICK


def test_points_by_hand_come_first():
    """What a person wrote down is never thinned away, however small the tier."""
    (column,) = points.points(BY_HAND, "float32", "quick")
    assert column[0] == points.rounded(0.3, "float32")


@pytest.mark.parametrize("op", SEVERAL, ids=lambda op: op.name)
def test_several_arguments_meet_zeros_and_ties(op):
    """Rows of several arguments are asked at both zeros, at equal arguments and beside NaN."""
    for tier, limit in (("full", points.PAIRS), ("quick", points.QUICK)):
        columns = points.points(op, "float32", tier)
        assert len(columns) == op.arity and len(columns[0]) <= limit
        assert any(len(set(point)) == 1 and "nan" not in point for point in bits(columns))
        assert any("nan" in point for point in bits(columns))
        if all(domain.low <= 0 <= domain.high for domain in op.domain):
            assert ((0.0).hex(),) * op.arity in bits(columns)


def digest() -> str:
    """A fingerprint of points, cases and cotangents."""
    parts = [column for name in ("lgamma", "pow") for column in points.points(OPS[name], "float32")]
    parts += [array for case in points.cases(ARRAYS[0], "float16") for array in case]
    parts.append(points.cotangents((7, 3), "float32", "digest"))
    return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()


def test_another_process_chooses_the_same_points():
    """Neither the hash seed nor the process matters, so a verdict can be asked again anywhere."""
    code = "import tests.meta.test_points as t; print(t.digest())"
    there = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": "12345", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert there.stdout.strip() == digest()


@pytest.mark.parametrize("op", ARRAYS, ids=lambda op: op.name)
def test_cases_of_array_rows(op):
    """Six to ten situations, three when quick: exact in the dtype, inside the domain, one with a zero."""
    for dtype in op.dtypes:
        made = points.cases(op, dtype)
        assert 6 <= len(made) <= 10 and len(points.cases(op, dtype, "quick")) == 3
        for case in made:
            assert [array.shape for array in case] == list(op.shapes)
            for array, domain in zip(case, op.domain, strict=True):
                assert all(points.inside([domain], [x]) and points.rounded(x, dtype) == x for x in array.flat)
        if op.domain[0].low <= 0:
            assert any(0.0 in case[0] for case in made)


def test_cotangents_are_never_one_and_exact_everywhere():
    """A cotangent of one hides a gradient that ignores its cotangent."""
    weights = points.cotangents((40, 50), "bfloat16", 3)
    assert weights.shape == (40, 50) and not np.any(np.abs(weights) == 1)
    assert np.any(weights > 0) and np.any(weights < 0)
    assert all(points.rounded(w, "bfloat16") == w for w in weights.flat)
    assert not np.array_equal(weights, points.cotangents((40, 50), "bfloat16", 4))


def test_special_numbers_are_told_apart():
    """Zero, subnormals, infinities and NaN are special; the smallest normal number is not."""
    form = FORMATS["float16"]
    special = [0.0, -0.0, form.smallest, -form.smallest, INF, -INF, math.nan]
    assert all(points.is_special(x, "float16") for x in special)
    assert not any(points.is_special(x, "float16") for x in (form.smallest_normal, -1.0, form.largest))
