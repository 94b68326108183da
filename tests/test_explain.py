"""Which setting gives a log: found, certain on every machine, and each planted fault told by its name."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from reference.__main__ import main
from reference.golden import explaining, lattice
from reference.golden.explaining import Explanation, explained, told
from reference.golden.imitation import imitated
from reference.golden.lattice import held_to, listing_of
from reference.golden.log import chosen
from reference.golden.printed import behind
from reference.programs.regression import univariate_numpy
from tests.logs import TEXT, changed, documented, unlisted

DEFECTS = {  # what the lattice says of each log: the fields in which the listing is wrong
    "L1": [], "L2": [], "L3": [], "L6": [], "S4c": [], "S4d": [], "S4e": [],
    "L4": ["rate", "loss", "iterations", "display"],
    "L5": ["rate", "iterations", "display"],
}  # fmt: skip


@cache
def of(name: str) -> Explanation:
    """The explanation of a documented log."""
    return explained(documented(name))


def of_file(path: Path) -> Explanation:
    """The explanation of the log in a file."""
    (log,) = chosen(str(path))
    return explained(log)


@pytest.mark.parametrize("name", DEFECTS)
def test_exactly_one_setting_gives_a_documented_log(name: str) -> None:
    """Of thousands, one: the listing's own, or for L4 and L5 the one that is on file as effective."""
    found = of(name)
    assert len(found.settings) == 1 and found.on_record and found.search.size > 900
    assert sorted(found.settings[0].unlike(found.search.listing.point)) == sorted(DEFECTS[name])
    assert bool(found.search.listing.misses) == (found.verdict != "the listing gives it") or name in ("L3", "S4e")


@pytest.mark.parametrize("name", ["L1", "L2", "L4", "L5", "L6"])
def test_what_fits_in_float64_is_certain(name: str) -> None:
    """On any machine that rounds to nearest, in any order of sums, every number prints as it stands."""
    found = of(name).found
    assert found is not None and found.must == len(documented(name).numbers)


def test_the_listings_of_l4_and_l5_cannot_give_them() -> None:
    """No float64 machine prints these numbers from the printed hyper-parameters: proved, not tried."""
    for name, lines in (("L4", [1, 2]), ("L5", [2])):
        assert [number.line for number in of(name).listing.cannot] == lines


def test_l3_comes_of_adjacent_pairs() -> None:
    """All 33 numbers of the TensorFlow 2.0.0 log, bit for bit in NumPy: of 20 orders of summation these three."""
    log = documented("L3")
    orders = [fit.point.order for fit in of("L3").search.fits]
    assert orders == ["adjacent pairs", "blocks of 4, adjacent pairs", "blocks of 8, adjacent pairs"]
    pairs = list(imitated(log, log.effective, "float32", "adjacent pairs"))
    assert [f"{values['loss'][0]:.6f}" for values in pairs] == [n.text for n in log.numbers if n.name == "loss"]
    assert [f"{values['b'][0]:.6f}" for values in pairs] == [n.text for n in log.numbers if n.name == "b"]


def test_the_graph_adds_the_constant_first() -> None:
    """0.0175879 is (ax² + c) + bx, which the graph optimiser makes of ax² + bx + c; eagerly it is 0.0175879598."""
    found = {name: {f.point.order for f in of(name).search.fits} for name in ("S4d", "S4e")}
    assert found == {"S4d": {"(ax² + bx) + c", "ax² + (bx + c)"}, "S4e": {"(ax² + c) + bx"}}


# -- planted faults -------------------------------------------------------------------------------------------------

PLANTED = [  # log, what is changed in its listing, and the words that name it
    ("L2", ("rate = 0.0001", "rate = 0.0002"), "rate: the rate is 0.0001, and the listing says 0.0002"),
    ("L2", ("rate = 0.0001", "rate = 0.001"), "rate: the rate is 0.0001, and the listing says 0.001"),
    ("L2", ('loss = "before"', 'loss = "after"'), "loss: the loss is taken before the update, and the listing takes"),
    ("L1", ('loss = "after"', 'loss = "before"'), "loss: the loss is taken after the update"),
    ("L2", ('gradient = "mean"', 'gradient = "sum"'), "gradient: the gradient is divided by n, and the listing forg"),
    ("L4", ('gradient = "sum"', 'gradient = "mean"'), "gradient: the gradient is not divided by n, and the listing d"),
    ("L2", ("iterations = 10", "iterations = 5"), "iterations: it runs for 10 iterations, and the listing for 5"),
    ("L1", ("display = 10", "display = 5"), "display: one step in 10 is printed, and the listing prints one in 5"),
    ("L2", ('dtype = "float64"', 'dtype = "float32"'), "dtype: it is of float64, and the file says float32"),
]


@pytest.mark.parametrize("name, change, words", PLANTED)
def test_a_wrong_listing_is_told_by_name(
    name: str, change: tuple[str, str], words: str, tmp_path: Path, capsys: Any
) -> None:
    """A wrong rate, a loss taken at the wrong time, a gradient that forgets 1/n: exit code 1, and what is right."""
    path = changed(tmp_path, name, unlisted(name), change)
    assert main(["log", "explain", str(path)]) == 1
    screen = " ".join(capsys.readouterr().out.split())
    assert words in screen and "Exactly one setting gives all" in screen, screen


@pytest.mark.parametrize(
    "name, old, new, words",
    [
        ("L2", "89.157369", "89.157379", "line 4: loss 89.157379 would be 89.157369, 10 units of the last digit off"),
        ("L3", "89.157379", "89.157380", "line 4: loss 89.157380 would be 89.157379, 1 unit of the last digit off"),
        ("L4", "84.920786", "84.920785", "line 4: loss 84.920785 would be 84.920786, 1 unit of"),
        ("L1", "b: -1.161967", "b: -1.161957", "line 1: b -1.161957 would be -1.161967"),
        ("S4c", "x= 0.867380381", "x= 0.867380380", "the nearest"),
        ("S4c", "x= 0.867380381", "x= 0.877380371", "the nearest"),
    ],
)
def test_a_wrong_digit_is_told_by_its_line(
    name: str, old: str, new: str, words: str, tmp_path: Path, capsys: Any
) -> None:
    """One digit changed in one line: nothing fits, and the nearest setting says which number is off and by how much."""
    path = changed(tmp_path, name, (old, new))
    assert main(["log", "explain", str(path)]) == 1
    screen = " ".join(capsys.readouterr().out.split())
    assert "No setting gives this log." in screen and words.lower() in screen.lower(), screen


# Printed by TensorFlow 2.21.0 for CPU, from 13 examples of which no order with a name gives every sum.
THIRTEEN = """
program = "univariate_tensorflow"
dtype = "float32"
seed = 612
prints = "fixed"
pattern = "i: {i}, loss: {loss}, w: {w}, b: {b}"
lines = [
  "i: 0, loss: 288.259491, w: 1.452648, b: -0.934443", "i: 1, loss: 110.708870, w: 2.350784, b: -0.790426",
  "i: 2, loss: 43.976318, w: 2.900785, b: -0.698179", "i: 3, loss: 18.890659, w: 3.237368, b: -0.637676",
  "i: 4, loss: 9.456473, w: 3.443119, b: -0.596639", "i: 5, loss: 5.904337, w: 3.568666, b: -0.567543",
  "i: 6, loss: 4.562768, w: 3.645046, b: -0.545773", "i: 7, loss: 4.051984, w: 3.691286, b: -0.528501",
  "i: 8, loss: 3.853442, w: 3.719050, b: -0.513994", "i: 9, loss: 3.772264, w: 3.735489, b: -0.501186",
  "i: 10, loss: 3.735216, w: 3.744986, b: -0.489429", "i: 11, loss: 3.714775, w: 3.750228, b: -0.478321",
  "i: 12, loss: 3.700596, w: 3.752863, b: -0.467618",
]
[listing]
rate = 0.01
iterations = 12
[data]
inputs = [[9.03, 6.27, 5.24, 7.96, 1.27, 7.36, 4.37, 1.82, 6.94, 9.38, 2.86, 6.67, 3.68]]
targets = [29.26, 24.83, 19.76, 27.21, 9.09, 27.78, 17.67, 9.38, 25.85, 33.09, 14.99, 25.76, 16.23]
"""


@pytest.mark.parametrize(
    "old, new, code, words",
    [
        ("", "", 0, "the rounding that the listing's setting allows: the log is consistent with the listing."),
        (
            "rate = 0.01",
            "rate = 0.02",
            1,
            "this setting allows: the log is consistent with it. rate: the rate is 0.01,",
        ),
        ("9.456473", "9.456873", 1, "No setting gives this log."),
        ("288.259491", "288.259492", 1, "No setting gives this log."),  # between two floats
        ("b: -0.467618", "b: -0.467918", 1, "No setting gives this log."),
    ],
)
def test_an_order_of_sums_without_a_name_is_allowed_for(
    old: str, new: str, code: int, words: str, tmp_path: Path, capsys: Any
) -> None:
    """A true log that no order tried gives is held to the proved envelope; wrong rates and digits are not let by."""
    path = tmp_path / "mine.toml"
    path.write_text(THIRTEEN.replace(old, new), "utf-8")
    assert main(["log", "explain", str(path)]) == code
    screen = " ".join(capsys.readouterr().out.split())
    assert words in screen and "It gives all" not in screen, screen


def test_a_neighbouring_float_is_no_fault(tmp_path: Path, capsys: Any) -> None:
    """L3 with a loss one float32 off, as another order may give it: consistent, and the line is told."""
    path = changed(tmp_path, "L3", ("89.157379", "89.157387"))
    assert main(["log", "explain", str(path)]) == 0
    screen = " ".join(capsys.readouterr().out.split())
    assert "is consistent with the listing." in screen and "line 4: loss 89.157387 would be 89.157379" in screen


@pytest.mark.parametrize("name", ["L1", "L2", "L3", "L4", "L5", "L6"])
def test_every_wrong_digit_of_every_number_is_found(name: str) -> None:
    """Each digit in turn made one larger: the setting that gives the log misses that number, and no other."""
    log = documented(name)
    point = of(name).settings[0]
    at = dict(lattice.beside(log, point))
    for number, values in at.items():
        for place, digit in enumerate(number.text):
            if digit.isdigit():
                text = number.text[:place] + str((int(digit) + 1) % 10) + number.text[place + 1 :]
                wrong = behind(number.name, text, "fixed", log.dtype)
                assert values is not None and wrong is not None
                assert lattice.value_in(values, number.name, number.element) not in wrong, (number, text)


def test_a_log_of_other_data_is_no_log(tmp_path: Path, capsys: Any) -> None:
    """Where nothing comes near, that is said, and no digit is blamed."""
    path = changed(tmp_path, "L2", ("seed = 612", "seed = 613"))
    assert main(["log", "explain", str(path)]) == 1
    screen = " ".join(capsys.readouterr().out.split())
    assert "No setting gives this log." in screen and "other data, another program, or a setting farther" in screen


def test_a_users_own_data_are_searched(tmp_path: Path) -> None:
    """A log of other data, made here with a gradient that is not divided by n, is explained from its file."""
    x, y = [0.5, 1.25, 2.0, 3.5], [1.0, 2.5, 3.75, 7.0]
    records = list(univariate_numpy(None, 0.01, 20, "sum", "after", 7, [x], y))[1:]
    lines = [f"i: {i}, Loss:{r['loss']:f}, w: {r['w']:f}, b: {r['b']:f}" for i, r in enumerate(records)][::5]
    text = f"""
program = "univariate_numpy"
dtype = "float64"
seed = 7
prints = "fixed"
pattern = "i: {{i}}, Loss:{{loss}}, w: {{w}}, b: {{b}}"
lines = {json.dumps(lines)}
[listing]
rate = 0.01
iterations = 20
display = 5
[data]
inputs = [{x}]
targets = {y}
"""
    path = tmp_path / "mine.toml"
    path.write_text(text, "utf-8")
    found = of_file(path)
    point = found.settings[0]
    assert (point.gradient, point.loss, str(point.rate)) == ("sum", "after", "0.01")
    assert found.found is not None and found.found.must == 15 and not found.on_record
    assert any("n = 4" in line for line in told(found))


def test_settings_that_the_lines_do_not_tell_apart_are_all_named() -> None:
    """After a thousand steps x has settled in float32: more steps print the same."""
    found = of("S4f")
    assert {point.iterations for point in found.settings} == {1000, 2000, 5000, 10000}
    assert "the lines do not tell loss and iterations" in "\n".join(told(found))


def test_what_is_left_out_and_what_is_not_run_is_said(capsys: Any, monkeypatch: Any) -> None:
    """S4a and S4b are no trainings; most pairs of iterations and display are ruled out by the printed steps alone."""
    monkeypatch.setattr(explaining, "explained", lambda log: of(log.name))
    assert main(["log", "explain", "S4"]) == 0
    out, err = capsys.readouterr()
    assert "Left out: S4a and S4b, whose numbers come of no training that is known exactly." in err
    assert "So do 7 others: the lines do not tell loss and iterations." in " ".join(out.split())
    found = of("L4").search
    assert (found.size, found.tried) == (48384, 36) and of("S4c").search.tried == of("S4c").search.size
    first = next(told(of("L4")))
    assert (
        first
        == "L4: 48,384 settings around the listing, 36 of them run; the printed steps or digits rule out the others"
    )


@pytest.mark.parametrize("count, words", [(2, "So does 1 other:"), (3, "So do 2 others:")])
def test_one_other_is_no_others(count: int, words: str) -> None:
    """Singular and plural."""
    few = of("S4f")._replace(settings=of("S4f").settings[:count])
    assert words in "\n".join(told(few))


def test_where_the_dtypes_leave_the_mathematics() -> None:
    """In L3 float32's loss is off at once, its b from step 8 on, its w never; float64 not at all."""
    leaves = {(d.name, d.dtype): d.step for d in of("L3").leaves}
    assert leaves["loss", "float32"] == 0 and leaves["b", "float32"] == 8 and leaves["w", "float32"] is None
    assert {step for (_, dtype), step in leaves.items() if dtype == "float64"} == {None}


def test_json_says_the_same(capsys: Any, monkeypatch: Any) -> None:
    """For machines: what was searched, what fits, and where the listing is wrong."""
    monkeypatch.setattr(explaining, "explained", lambda log: of(log.name))
    assert main(["log", "explain", "L4", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["verdict"] == "another setting gives it" and found["settings"][0]["rate"] == "0.001"
    assert found["differences"] == ["rate", "loss", "iterations", "display"] and found["certain"] == 11
    assert len(found["listing"]["misses"]) == 11 and found["listing_cannot"] == [1, 2]


def test_a_search_misses_what_its_patience_allows_and_no_more() -> None:
    """A fit has no miss: a setting given up early is never taken for one."""
    log = documented("L2")
    point = listing_of(log)
    assert held_to(log, point, 0).misses == []
    wrong = point._replace(rate=point.rate * 2)
    assert len(held_to(log, wrong, 3).misses) == 4 and len(held_to(log, wrong, 33).misses) > 20
    assert lattice.units(held_to(log, wrong, 3).misses[0]) > 1000
    assert set(DEFECTS) <= set(TEXT)


# -- where there is no setting to search ---------------------------------------------------------------------------


def test_adams_first_step_is_explained_by_its_arithmetic(capsys: Any) -> None:
    """Two roundings of 1 - β that cancel up to TensorFlow 2.10, and do not from 2.11 on."""
    assert main(["log", "explain", "S2"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    older, newer = text.split("Keras from TensorFlow 2.11 on")
    assert "x₁ = 4, the float next to it" in older and older.endswith("= 1 Adam, ε̂, ")
    assert "x₁ = 3.99999332, 28 floats below 4" in newer and "= 0.999993315" in newer
    assert "ends at 3.99999996636" in older


def test_a_random_run_is_placed(capsys: Any) -> None:
    """Its explanation is where its pair lies among all runs."""
    assert main(["log", "explain", "S3", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["log"] == "S3" and "is a plausible draw" in found["said"][1]
