"""NIST's certified regressions: read, solved exactly, and asked of TensorFlow; every kind of fault is told."""

import hashlib
import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reference import expression
from reference.__main__ import main
from reference.ask import Probe, ProbeUnavailable
from reference.balls import working
from reference.choices import Unusable
from reference.strd import command
from reference.strd.asked import places
from reference.strd.derivatives import derived
from reference.strd.digits import lre
from reference.strd.judge import Judged, Vanishing, certificates, judged, standing
from reference.strd.reader import FOLDER, LARGEST, Certified, Dataset, bundled, found, read
from reference.strd.solve import PRECISION, Unproved, ball, solved, sums

LINEAR = ("Filip", "Longley", "NoInt1", "Norris", "Wampler1", "Wampler2", "Wampler3", "Wampler5")
QUICK = ("Norris", "Misra1a", "Lanczos1", "MGH09", "Rat43", "Wampler2")


@pytest.fixture(scope="module")
def fitter() -> Iterator[Probe]:
    """The installed TensorFlow, asked for derivatives of models."""
    with Probe(module="reference.fitting") as probe:
        yield probe


def variant(folder: Path, name: str, *changes: tuple[str, str]) -> Path:
    """A bundled file with some of its text changed, each change in one place."""
    text = found(name).read_text("ascii")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    path = folder / f"{name}.dat"
    path.write_text(text)
    return path


# -- the files -------------------------------------------------------------------------------------------------


def test_the_files_are_as_nist_distributes_them() -> None:
    """All 29 are there, byte for byte: their checksums are on record, and the record's own is here."""
    record = (FOLDER / "SHA256SUMS").read_bytes()
    assert hashlib.sha256(record).hexdigest() == "ca4af5e36c6279a5aa6686f21ca79467bc7f67bc13ec69369f416f53603688cb"
    lines = dict(reversed(line.split("  ")) for line in record.decode().splitlines())
    held = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in FOLDER.glob("*.dat")}
    assert held == lines and len(held) == 29


@pytest.mark.parametrize("name", bundled())
def test_every_certified_digit_is_right(name: str) -> None:
    """Estimates, deviations, sum of squares: each within half a unit of its last digit of the proved minimum."""
    dataset = read(found(name))
    model = derived(dataset)
    solution = solved(dataset, model)
    assert certificates(dataset, solution) == []
    assert model.linear == (name in LINEAR) == solution.how.startswith("the normal equations")


def test_a_program_computes_what_the_formula_says() -> None:
    """SymPy's tree, on balls, and NumPy's, on floats, give the same sum of squares; so does the formula by hand."""
    dataset = read(found("MGH09"))
    b = [p.estimate.value for p in dataset.parameters]
    x, y = (np.array(list(map(float, dataset.columns[name]))) for name in "xy")
    values = {"x": x, "y": y, **{p.name: float(v) for p, v in zip(dataset.parameters, b, strict=True)}}
    by_tree = expression.walk(dataset.model, expression.floats(np), values)
    by_hand = values["b1"] * (x**2 + x * values["b2"]) / (x**2 + x * values["b3"] + values["b4"])
    assert by_tree.tolist() == by_hand.tolist()
    with working(PRECISION):
        columns = {name: list(map(ball, column)) for name, column in dataset.columns.items()}
        exact = sums(derived(dataset), [p.name for p in dataset.parameters], list(map(ball, b)), columns)
    assert float(exact.squares) == pytest.approx(((by_hand - y) ** 2).sum(), rel=1e-12)


def test_derivatives_are_those_of_differences() -> None:
    """Half the Hessian is the slope of half the gradient: one difference quotient in 400 bits shows 30 digits of it."""
    dataset = read(found("Gauss1"))
    names = [p.name for p in dataset.parameters]
    with working(PRECISION):
        columns = {name: list(map(ball, column[:20])) for name, column in dataset.columns.items()}
        at = [ball(p.estimate.value) for p in dataset.parameters]
        step = ball(Fraction(1, 2**120))
        here, model = sums(derived(dataset), names, at, columns), derived(dataset)
        for j in range(len(names)):
            there = sums(model, names, [b + step * (k == j) for k, b in enumerate(at)], columns)
            for k in range(len(names)):
                slope = (there.gradient[k] - here.gradient[k]) / step
                assert abs(slope - here.hessian[j][k]) < 1e-25


def test_the_printed_deviations_are_those_of_the_jacobian() -> None:
    """With the Hessian in place of JᵀJ, MGH09's deviations are up to 22 % off, which is no rounding."""
    dataset = read(found("MGH09"))
    solution = solved(dataset, derived(dataset))
    rows = zip(dataset.parameters, solution.deviations, solution.bent_deviations, strict=True)
    digits = [(lre(a, p.deviation), lre(b, p.deviation)) for p, a, b in rows]
    assert all(a == 11 and b < 2 for a, b in digits)


# -- further files -----------------------------------------------------------------------------------------------

FURTHER = [  # the models of sets that are not bundled, as their files have them
    ("b1 - b2*x - arctan[b3/(x-b4)]/pi", lambda b, x: b[0] - b[1] * x - np.arctan(b[2] / (x - b[3])) / np.pi),
    ("(b1/b2) * exp[-0.5*((x-b3)/b2)**2]", lambda b, x: b[0] / b[1] * np.exp(-0.5 * ((x - b[2]) / b[1]) ** 2)),
    ("b1 + b2*cos( 2*pi*x/12 ) + b3*sin( 2*pi*x/b4 )",
     lambda b, x: b[0] + b[1] * np.cos(2 * np.pi * x / 12) + b[2] * np.sin(2 * np.pi * x / b[3])),
    ("b1 * exp[b2/(x+b3)]", lambda b, x: b[0] * np.exp(b[1] / (x + b[2]))),
    ("{b1 + -b2**2*x}**-1 - +2.5D-1*sqrt[log10(b3)]",
     lambda b, x: 1 / (b[0] - b[1] ** 2 * x) - 0.25 * np.sqrt(np.log10(b[2]))),
    ("b1*x + b2*(x**2) + ... + b5*(x**5)", lambda b, x: sum(b[k] * x ** (k + 1) for k in range(5))),
]  # fmt: skip


@pytest.mark.parametrize("text, meant", FURTHER)
def test_models_of_further_files_are_read(text: str, meant: Any) -> None:
    """Signs, powers, brackets of all sorts, functions, pi and an ellipsis mean what a reader takes them for."""
    b, x = [1.25, 0.5, 3.0, 0.75, 0.375], np.array([0.25, 1.5, 2.0])
    tree = expression.parse(text)
    values = {"x": x, **{f"b{k}": value for k, value in enumerate(b, 1)}}
    np.testing.assert_allclose(expression.walk(tree, expression.floats(np), values), meant(b, x), rtol=1e-14)


def test_a_further_file_is_solved(tmp_path: Path) -> None:
    """A logarithm on the left, two predictors and a cosine: the model is the file's, whatever it is."""
    path = tmp_path / "Further.dat"
    path.write_text(FURTHER_FILE)
    dataset = read(path)
    solution = solved(dataset, derived(dataset))
    assert solution.how.startswith("Newton") and derived(dataset).linear
    assert [float(b) for b in solution.parameters] == pytest.approx([0.5, 2.0], abs=1e-3)


FURTHER_FILE = """NIST/ITL StRD
Dataset Name:  Further            (Further.dat)
               Certified Values  (lines 10 to 11)
               Data              (lines 17 to 22)
               6 Observations
Model:
               pi = 3.141592653589793238462643383279E0
               log[y] = b1*x1**(pi/pi) + b2*cos(2*pi*x2)*exp(1)**(pi-pi)  +  e

  b1 =   1           0.7           5.0E-01  1.0E-03
  b2 =   1           3             2.0E+00  1.0E-03
Residual Sum of Squares:                    1.0E-06
Residual Standard Deviation:                1.0E-03
Degrees of Freedom:                                4

Data:  y  x1  x2
       12.1825  1  0
       1.64872  1  0.25
       0.36788  2  0.5
       20.0855  2  0
       2.71828  2  0.75
       0.22313  1  0.5
"""

SENTENCES = [
    ("Misra1a", ("NIST/ITL StRD", "Some data"), "line 1: a file of NIST's Statistical Reference Datasets begins with"),
    ("Misra1a", ("(lines 61 to 74)", "(lines 61 to 99)"), "line 7: the data cannot stand in the lines 61 to 99"),
    ("Misra1a", ("(lines 61 to 74)", "somewhere"), "the file ends without a line of the form 'Data (lines"),
    ("Misra1a", ("77.6E0", "77.6E0  1"), "line 61: '10.07E0      77.6E0  1' is no observation"),
    ("Misra1a", ("10.07E0", "10.O7E0"), "line 61: '10.O7E0      77.6E0' is no observation of 2 numbers"),
    ("Misra1a", ("10.07E0", "10.07E999999999"), "line 61: 10.07E999999999 is beyond the largest float"),
    ("Misra1a", ("14 Observations", "15 Observations"), "15 observations are announced, and 14 are there"),
    ("Misra1a", ("2.3894212918E+02", "2.3894212918F+02"), "line 41: 'b1 ="),
    ("Misra1a", ("exp[-b2*x]", "exp[-b2*x)"), "line 34: the model cannot be read: a '[' is not closed by ']'"),
    ("Misra1a", ("exp[-b2*x]", "expp[-b2*x]"), "line 34: the model cannot be read: there is no function 'expp'"),
    ("Misra1a", ("exp[-b2*x]", "exp[-b2*z]"), "line 34: the model speaks of 'z', which is no parameter"),
    ("Misra1a", ("exp[-b2*x]", "exp[-x]"), "line 34: the parameter 'b2' is certified, and the model does not have it"),
    ("Misra1a", ("exp[-b2*x]", "exp[-b2*x; 1]"), "line 34: the model cannot be read: '; 1])' is no arithmetic"),
    ("Misra1a", ("exp[-b2*x]", "__import__('os')"), "line 34: the model cannot be read: \"__import__('os')"),
    ("Misra1a", ("exp[-b2*x]", "[" * 200), "line 34: the model cannot be read: more than 60 brackets"),
    ("Misra1a", ("exp[-b2*x]", "b2*x*9**9**9"), "a power of two numbers in it has thousands of digits"),
    ("Misra1a", ("exp[-b2*x]", "b2*x*log[-2]"), "the model cannot be computed: I is no real number"),
    ("Misra1a", ("exp[-b2*x]", "b2*x/0"), "the model cannot be computed: zoo is no real number"),
    ("Misra1a", ("exp[-b2*x]", "b2*x*((((9**64)**64)**64)**64)**64"), "has thousands of digits"),
    ("Filip", ("B9*(x**9)", "B9*(x**8)"), "the terms around the ellipsis do not say what counts up"),
    ("Misra1a", ("Residual Sum of Squares:", "Sum:"), "the residual sum of squares is not certified"),
    ("Misra1a", ("Residual", "R\u00e9sidual"), "is plain ASCII"),
    ("Misra1a", ("14 Observations", "\uff11\uff14 Observations"), "line 27: a file of NIST's Statistical Reference"),
    ("Misra1a", ("Misra1a  ", "M\x1b[31mra"), "line 2: a file of NIST's Statistical Reference Datasets is plain ASCII"),
    ("Misra1a", ("2.3894212918E+02", "2." + "3" * 5000), "line 41: 2.333333333333333333 has more than 100 characters"),
    ("Misra1a", ("10.07E0", "0." + "3" * 5000), "line 61: 0.333333333333333333 has more than 100 characters"),
    ("Misra1a", ("14 Observ", "9" * 5000 + " Observ"), "line 27: 99999999999999999999 has more than 100 digits"),
    ("Misra1a", ("61 to 74", "61 to " + "7" * 5000), "line 7: 77777777777777777777 has more than 100 digits"),
    ("Misra1a", ("10.07E0", "1E-99999999"), "line 61: 1E-99999999 is nearer to zero than any float, or has an expon"),
    ("Misra1a", ("10.07E0", "0E99999999"), "line 61: 0E99999999 is nearer to zero than any float, or has an expon"),
    ("Misra1a", ("2.3894212918E+02", "1E-400"), "line 41: 1E-400 is nearer to zero than any float"),
    ("Misra1a", ("exp[-b2*x]", "b2*x*1D-99999999"), "line 34: the model cannot be read: 1D-99999999 is nearer to zero"),
    ("Misra1a", ("exp[-b2*x]", "b2*x*0." + "1" * 5000), "cannot be read: 0.111111111111111111 has more than 100 char"),
    ("Filip", ("B9*(x**9)", f"B{'9' * 5000}*(x**9)"), "the terms around the ellipsis do not say what counts up"),
]  # fmt: skip


@pytest.mark.parametrize("name, change, sentence", SENTENCES)
def test_a_broken_file_is_one_sentence(name: str, change: Any, sentence: str, tmp_path: Path, capsys: Any) -> None:
    """What is wrong, in which file and line, with exit code 2 and no traceback."""
    text = found(name).read_text("ascii")
    assert change[0] in text
    (tmp_path / "b.dat").write_text(text.replace(*change), "utf-8")
    assert main(["log", "nist", str(tmp_path / "b.dat")]) == 2
    out, err = capsys.readouterr()
    assert sentence in err and err.count("\n") == 1 and not out
    assert str(tmp_path / "b.dat") in err


@pytest.mark.parametrize(
    "words, sentence",
    [
        ("Misra1", "There is no data set 'Misra1'; the nearest are"),
        ("zzz", "There is no data set 'zzz'; `python -m reference log nist` judges them all."),
        ("no/such.dat", "There is no file no/such.dat: type a path, or the name of a bundled set."),
    ],
)
def test_an_unknown_set_is_one_sentence(words: str, sentence: str, capsys: Any) -> None:
    """The nearest names, or where to find them."""
    assert main(["log", "nist", words]) == 2
    assert capsys.readouterr().err.startswith(sentence)


# -- planted faults ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, change, told",
    [
        (
            "Misra1a",
            ("14.73E0", "14.74E0"),
            "Misra1a.dat, line 41: the certified estimate of b1",
        ),  # a digit of the data
        ("Misra1a", ("2.3894212918E+02", "2.3894212919E+02"), "line 41: the certified estimate of b1"),
        ("Misra1a", ("7.2668688436E-06", "7.2668688435E-06"), "line 42: the certified standard deviation of b2"),
        ("Misra1a", ("1.2455138894E-01", "1.2455138893E-01"), "the certified residual sum of squares"),
        ("Misra1a", ("1-exp[-b2*x]", "1-exp[-b2*x/2]"), "line 42: the certified estimate of b2"),  # the model
        (
            "Longley",
            ("0.334910077722432E-01", "0.334910077722433E-01"),
            "line 33: the certified standard deviation of",
        ),
        ("Longley", ("60323", "60324"), "line 31: the certified estimate of B0"),
        ("Wampler1", ("             63     2", "             64     2"), "the certified standard deviation of B0"),
        ("NoInt1", ("y = B1*x + e", "y = B1*x + 1 + e"), "line 31: the certified estimate of B1"),
    ],
)
def test_a_wrong_digit_is_told(name: str, change: tuple[str, str], told: str, tmp_path: Path) -> None:
    """One unit in the last digit of a certified value, one digit of an observation, another model: each is named."""
    dataset = read(variant(tmp_path, name, change))
    assert any(told in finding for finding in certificates(dataset, solved(dataset, derived(dataset))))


def test_what_cannot_be_proved_is_said(tmp_path: Path, fitter: Probe) -> None:
    """A model without a minimum near the certified values is a finding, and no number is believed."""
    dataset = read(variant(tmp_path, "Misra1a", ("1-exp[-b2*x]", "1-b2*x-b2*b2*0")))
    with pytest.raises(Unproved):
        solved(dataset, derived(dataset))
    (finding,) = judged(fitter, dataset).findings
    assert finding.startswith(str(dataset.path))


@pytest.mark.parametrize("model", ["b1*b2*x", "(b1+b2)*x*exp(x-x)", "b1**2*b2*x"])
def test_parameters_that_the_data_do_not_determine_are_said(model: str, tmp_path: Path) -> None:
    """Where only a product or a sum counts, the sentence says that, and not only which proof failed."""
    dataset = read(variant(tmp_path, "Misra1a", ("b1*(1-exp[-b2*x])", model)))
    with pytest.raises(Unproved, match=r"the data do not (determine|say what) the parameters"):
        solved(dataset, derived(dataset))


PLANTS = {
    "without_two": ("∂/∂b1 computes another formula than the derivative", "start 1"),
    "one_residual": ("∂/∂b2 computes another formula than the derivative", "the certified values"),
    "none": ("∂/∂b1 is None", "the certified values"),
}


@pytest.mark.parametrize("plant", PLANTS)
def test_a_wrong_gradient_is_told(plant: str) -> None:
    """A gradient that forgets its factor 2, is 1e-6 off in one of 14 observations, or is None."""
    with Probe(module="reference.fitting", plant=f"tests.strd_faults:{plant}") as probe:
        findings = judged(probe, read(found("Misra1a"))).findings
    words, where = PLANTS[plant]
    for dtype in ("float64", "float32"):
        assert any(words in f and f.startswith(f"Misra1a, {dtype}, at {where}") for f in findings), findings


def test_a_gradient_that_stands_is_told(fitter: Probe, tmp_path: Path) -> None:
    """Two units in the ninth digit of an estimate, and the tape's gradient there is beyond its bound."""
    dataset = read(variant(tmp_path, "Misra1a", ("5.5015643181E-04", "5.5015643381E-04")))
    findings = judged(fitter, dataset).findings
    assert any("Misra1a, float64: ∂/∂b2 does not vanish at the certified values" in f for f in findings)


# -- TensorFlow ----------------------------------------------------------------------------------------------------


def sound(made: Judged) -> None:
    """Nothing is wrong, everything is bounded, and the digits are no fewer than what was promised."""
    assert made.findings == [] and made.unbounded == 0
    assert len(made.vanishing) == 2 * len(made.dataset.parameters)
    assert all(abs(each.got) <= each.allowed < float("inf") for each in made.vanishing)
    for digits in made.tape.values():
        for p, each in zip(made.dataset.parameters, digits, strict=True):
            if p.deviation.value and each.promised[0]:
                off = 10.0 ** -each.promised[0] + float(p.deviation.half / p.deviation.value)
                assert each.deviation[0] >= -np.log10(off) - 0.01, (p.name, each)


@pytest.mark.parametrize("name", QUICK)
def test_tensorflow_meets_the_certified_values(fitter: Probe, name: str) -> None:
    """Every derivative is right, the gradient vanishes, and the deviations have the digits that are promised."""
    sound(judged(fitter, read(found(name))))


@pytest.mark.deep
@pytest.mark.parametrize("name", bundled())
def test_tensorflow_meets_all_certified_values(fitter: Probe, name: str) -> None:
    """The same for all bundled sets."""
    sound(judged(fitter, read(found(name))))


def test_the_remarks_name_the_limit(fitter: Probe) -> None:
    """Lanczos1's limit is its print, Rat43's file contradicts itself, Wampler2's deviations are zero."""
    said = {name: " ".join(judged(fitter, read(found(name))).remarks) for name in ("Lanczos1", "Rat43", "Wampler2")}
    assert "The printed estimates are the limit: at them exact arithmetic gets 0.0 of 11 digits" in said["Lanczos1"]
    assert "Line 48 of the file says 9 degrees of freedom; 15 observations less 4 parameters leave 11" in said["Rat43"]
    assert "JᵀJ has the condition number 1e" in said["Lanczos1"]
    assert said["Wampler2"].startswith("The data lie on the model") and "limit" not in said["Wampler2"]


class Lent:
    """A probe that stays open."""

    def __init__(self, probe: Probe) -> None:
        self.probe = probe

    def __enter__(self) -> Probe:
        return self.probe

    def __exit__(self, *_: object) -> None:
        pass


def test_the_command_prints_a_table_and_a_record(
    fitter: Probe, capsys: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A line per parameter for people, the same figures and the exact values for machines; 1 with a finding."""
    monkeypatch.setattr(command, "Probe", lambda **_: Lent(fitter))
    assert main(["log", "nist", "NoInt1"]) == 0
    screen = capsys.readouterr().out
    assert "  B1        2.07438016528926  15.0" in screen and "30 derivatives: 0 findings" in screen
    assert main(["log", "nist", "noint1", "--json"]) == 0
    (record,) = json.loads(capsys.readouterr().out)["sets"]
    (parameter,) = record["parameters"]
    assert parameter["exact estimate"].startswith("2.0743801652892561983471") and parameter["exact digits"] == [15, 15]
    assert set(parameter["digits"]) == {"float64", "float32"} and record["findings"] == []
    path = variant(tmp_path, "NoInt1", ("0.165289256198347E-01", "0.165289256198346E-01"))
    assert main(["log", "nist", str(path)]) == 1
    assert "FINDING" in (screen := capsys.readouterr().out) and "30 derivatives: 1 finding\n" in screen


# -- small things ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, value, half, digits",
    [
        ("-0.358191792925910E-01", "-0.0358191792925910", "5e-17", 15),
        ("2.3894212918E+02", "238.94212918", "5e-9", 11),
        ("577.", "577", "0.5", 3),
        ("0.000000000000000", "0", "5e-16", 15),
        (".591D0", "0.591", "0.0005", 3),
    ],
)
def test_a_decimal_is_an_interval(text: str, value: str, half: str, digits: int) -> None:
    """A certified number is known to half a unit of its last printed digit."""
    certified = Certified(text, 1)
    assert (certified.value, certified.half, certified.digits) == (Fraction(value), Fraction(half), digits)


@pytest.mark.parametrize("got, digits", [("2.50004", 5), ("2.5006", 3.6), ("25", 0), ("-2.5", 0), ("nan", 0)])
def test_digits_of_agreement(got: str, digits: float) -> None:
    """All printed digits within half a unit, else the log relative error, and never fewer than none."""
    value = ball(0) / 0 if got == "nan" else ball(Fraction(got))
    assert lre(value, Certified("2.5000", 1)) == pytest.approx(digits, abs=0.03)


def test_a_gradient_beyond_its_bound_is_a_sentence() -> None:
    """The words of a gradient that does not vanish; NaN is never within a bound."""
    dataset: Dataset = read(found("NoInt1"))
    each = Vanishing("B1", "float32", 3.0, 1.0, 0.5, 0.25)
    assert each.allowed == 1.75 and not abs(each.got) <= each.allowed
    assert standing(dataset, each) == (
        "NoInt1, float32: ∂/∂B1 does not vanish at the certified values: 3, and 1.75 is all that rounding and "
        "unprinted digits explain."
    )


def test_a_tensorflow_without_traces_is_said(fitter: Probe, monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to 2.0 nobody is told which kernels run: that is no finding, and no number is judged without its bound."""
    dataset, real = read(found("NoInt1")), fitter.ask

    def ask(job: Any, timeout: float) -> Any:
        answer = real(job, timeout)
        return {k: {**v, "trace": None, "trace_reason": "No."} if k in job["wants"] else v for k, v in answer.items()}

    monkeypatch.setattr(fitter, "ask", ask)
    with pytest.raises(ProbeUnavailable, match=r"does not tell which kernels run, so nothing bounds it: No\."):
        judged(fitter, dataset)


def test_every_point_is_asked() -> None:
    """Nonlinear sets are asked at both starts, linear ones at zero, so that a lost factor cannot hide."""
    names = {name: [place.name for place in places(read(found(name)), "float32")] for name in ("Misra1a", "Norris")}
    assert names["Misra1a"] == ["the certified values", "start 1", "start 2"]
    assert names["Norris"] == ["the certified values", "zero"]


def test_a_file_without_end_is_a_sentence(tmp_path: Path) -> None:
    """No more than a million bytes are read."""
    path = tmp_path / "long.dat"
    path.write_bytes(found("Misra1a").read_bytes() + b"\n" * LARGEST)
    with pytest.raises(Unusable, match=r"long\.dat, line \d+: the file goes on after 1,000,000 bytes, and no data set"):
        read(path)


def test_an_unreadable_file_is_a_sentence(tmp_path: Path) -> None:
    """A folder is no data set."""
    with pytest.raises(Unusable, match=r"cannot be read"):
        read(tmp_path)
