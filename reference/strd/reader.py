"""One reader for the files of NIST's Statistical Reference Datasets: data, certified values, the model as written."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from reference.choices import Unusable, named
from reference.expression import LONGEST_NUMBER, Tree, Unreadable, names, parse, unheld

FOLDER = Path(__file__).with_name("data")
MARK = "NIST/ITL StRD"  # the first line of each file
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[EeDd][-+]?\d+)?"
LONGEST = 100_000  # lines of a file, and
LARGEST = 1_000_000  # its bytes: the largest bundled one has 9,276
FOREIGN = re.compile(rb"[^\t -~]")  # what would also reach a terminal
CERTIFIED = re.compile(rf"\s*(B\d+)\s+({NUMBER})\s+({NUMBER})\s*$")
STARTED = re.compile(rf"\s*(b\d+)\s*=\s*({NUMBER})\s+({NUMBER})\s+({NUMBER})\s+({NUMBER})\s*$")
STATISTICS = {
    "residual sum of squares": re.compile(
        rf"\s*(?:Residual Sum of Squares:\s*({NUMBER})|Residual\s+\d+\s+({NUMBER})\s+{NUMBER})\s*$"
    ),
    "residual standard deviation": re.compile(rf"\s*(?:Residual )?Standard Deviation:?\s+({NUMBER})\s*$"),
    "degrees of freedom": re.compile(rf"\s*(?:Degrees of Freedom:\s*(\d+)|Residual\s+(\d+)\s+{NUMBER}\s+{NUMBER})\s*$"),
}


class Certified(NamedTuple):
    """A certified number as printed, and its line."""

    text: str
    line: int

    @property
    def value(self) -> Fraction:
        """The decimal, exactly."""
        return decimal(self.text)

    @property
    def half(self) -> Fraction:
        """Half a unit of the last printed digit: how far the true value may be from the decimal."""
        mantissa, _, exponent = self.text.upper().replace("D", "E").partition("E")
        return Fraction(10) ** (int(exponent or 0) - len(mantissa.partition(".")[2])) / 2

    @property
    def digits(self) -> int:
        """How many significant digits are printed; of a zero, all behind the point."""
        mantissa = re.split("[EeDd]", self.text)[0].lstrip("+-")
        figures = mantissa.replace(".", "")
        return len(figures.lstrip("0")) or len(mantissa.partition(".")[2])


class Parameter(NamedTuple):
    """One parameter: its certified estimate and standard deviation, and where a search may start."""

    name: str
    estimate: Certified
    deviation: Certified
    starts: tuple[Fraction, ...]  # none in linear sets


class Dataset(NamedTuple):
    """One file: `response` = `model` + noise, both trees over the parameters and the columns."""

    name: str
    path: Path
    formula: str
    response: Tree
    model: Tree
    parameters: tuple[Parameter, ...]
    columns: dict[str, tuple[Fraction, ...]]
    statistics: dict[str, Certified]

    @property
    def size(self) -> int:
        """The number of observations."""
        return len(next(iter(self.columns.values())))

    @property
    def freedom(self) -> int:
        """Degrees of freedom: observations less parameters."""
        return self.size - len(self.parameters)


def bundled() -> list[str]:
    """The names of the sets that come with this project."""
    return sorted((path.stem for path in FOLDER.glob("*.dat")), key=str.lower)


def found(name: str) -> Path:
    """The file of a bundled set, or the path that was typed."""
    known = {each.lower(): each for each in bundled()}
    if name.lower() in known:
        return FOLDER / f"{known[name.lower()]}.dat"
    path = Path(name)
    if path.is_file():
        return path
    if path.suffix or len(path.parts) > 1:
        raise Unusable(f"There is no file {name}: type a path, or the name of a bundled set.")
    named(name, bundled(), "data set", "`python -m reference log nist` judges them all")
    raise AssertionError("a bundled name is no file")


def read(path: Path) -> Dataset:
    """The set in a file; whatever is missing or broken is one sentence with the file and the line."""
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST + 1)
    except OSError as error:
        raise Unusable(f"{path} cannot be read: {error.strerror}.") from None
    lines = text.splitlines()
    if len(text) > LARGEST:
        raise Unusable(f"{path}, line {len(lines)}: the file goes on after {LARGEST:,} bytes, and no data set does.")
    foreign = next((k for k, line in enumerate(lines, 1) if FOREIGN.search(line)), None)
    if foreign is not None:
        raise Unusable(
            f"{path}, line {foreign}: a file of NIST's Statistical Reference Datasets is plain ASCII, without control "
            "characters."
        )
    return Reader(path, [line.decode("ascii") for line in lines]).dataset()


def decimal(text: str) -> Fraction:
    """A decimal as Fortran writes it, exactly."""
    return Fraction(text.upper().replace("D", "E"))


class Reader:
    """The lines of a file and the sentences about them; lines count from one, as in the file's own head."""

    def __init__(self, path: Path, lines: list[str]) -> None:
        self.path = path
        self.lines = lines

    def dataset(self) -> Dataset:
        """Everything the file says."""
        if not self.lines or self.lines[0].strip() != MARK:
            raise self.broken(1, f"a file of NIST's Statistical Reference Datasets begins with {MARK!r}")
        if len(self.lines) > LONGEST:
            raise self.broken(LONGEST, "no data set is that long")
        parameters = self.parameters()
        columns = self.columns()
        formula, at = self.formula()
        left, _, right = formula.partition("=")
        trees = self.tree(left, at), self.tree(re.sub(r"\+\s*e\s*$", "", right), at)
        self.fits(trees, [p.name for p in parameters], list(columns), at)
        made = Dataset(self.title(), self.path, formula, *trees, parameters, columns, self.statistics())
        self.counts(made)
        return made

    def broken(self, line: int, why: str) -> Unusable:
        """What is wrong, and where."""
        return Unusable(f"{self.path}, line {line}: {why}.")

    def title(self) -> str:
        """The set's name."""
        return self.line_of(r"Dataset Name:\s+(\S+)", "'Dataset Name: NAME'")[1].group(1)

    def line_of(self, pattern: str, form: str) -> tuple[int, re.Match[str]]:
        """The first line of a form, and what it says."""
        for number, line in enumerate(self.lines, 1):
            if match := re.match(pattern, line):
                return number, match
        raise self.broken(len(self.lines), f"the file ends without a line of the form {form}")

    def block(self, what: str) -> range:
        """The lines that the file's head names for something."""
        form = f"'{what} (lines FIRST to LAST)'"
        at, match = self.line_of(rf".*{what}\s+\(lines\s+(\d+)\s+to\s+(\d+)\s*\)", form)
        first, last = self.whole(match[1], at), self.whole(match[2], at)
        if not 0 < first <= last <= len(self.lines):
            there = f"{len(self.lines)} lines"
            raise self.broken(at, f"the {what.lower()} cannot stand in the lines {first} to {last} of {there}")
        return range(first, last + 1)

    def parameters(self) -> tuple[Parameter, ...]:
        """The certified parameters, in the file's order."""
        made = []
        block = self.block("Certified Values")
        for number in block:
            line = self.lines[number - 1]
            if match := CERTIFIED.match(line) or STARTED.match(line):
                name, *starts, estimate, deviation = match.groups()
                certified = self.certified(estimate, number), self.certified(deviation, number)
                made.append(Parameter(name, *certified, tuple(self.value(start, number) for start in starts)))
            elif re.match(r"\s*[Bb]\d+\b", line):
                raise self.broken(number, f"{line.strip()!r} should be a parameter with its certified values")
        if not made:
            raise self.broken(block[0], "no parameter of a regression is certified here")
        if len({p.name for p in made}) < len(made):
            raise self.broken(block[0], "a parameter is certified twice")
        return tuple(made)

    def certified(self, text: str, number: int) -> Certified:
        """A certified number."""
        self.value(text, number)
        return Certified(text, number)

    def value(self, text: str, number: int) -> Fraction:
        """A number that a float can hold."""
        if why := unheld(text):
            raise self.broken(number, f"{text[:20]} {why}")
        return decimal(text)

    def whole(self, text: str, number: int) -> int:
        """A whole number, such as that of a line."""
        if len(text) > LONGEST_NUMBER:
            raise self.broken(number, f"{text[:20]} has more than {LONGEST_NUMBER} digits")
        return int(text)

    def columns(self) -> dict[str, tuple[Fraction, ...]]:
        """The observations by the names over them."""
        block = self.block("Data")
        heads = [n for n in range(1, block[0]) if re.match(r"Data:(\s+[A-Za-z]\w*)+\s*$", self.lines[n - 1])]
        if not heads:
            raise self.broken(block[0], "no line 'Data: y x' says what the columns are")
        titles = self.lines[heads[-1] - 1].split()[1:]
        rows = [self.row(number, len(titles)) for number in block]
        return {title: tuple(column) for title, column in zip(titles, zip(*rows, strict=True), strict=True)}

    def row(self, number: int, width: int) -> list[Fraction]:
        """One observation."""
        words = self.lines[number - 1].split()
        if len(words) != width or not all(re.fullmatch(NUMBER, word) for word in words):
            raise self.broken(number, f"{self.lines[number - 1].strip()[:60]!r} is no observation of {width} numbers")
        return [self.value(word, number) for word in words]

    def formula(self) -> tuple[str, int]:
        """The equation below `Model:`, and its line; a line that says how much pi is says nothing new."""
        at, _ = self.line_of(r"Model:", "'Model: …'")
        for number in range(at + 1, len(self.lines) + 1):
            line = self.lines[number - 1]
            if "=" in line and not re.match(r"\s*pi\s*=", line):
                return self.continued(number), number
        raise self.broken(at, "no equation stands below 'Model:'")

    def continued(self, number: int) -> str:
        """The equation, with the lines that follow it up to an empty one."""
        parts = []
        for line in self.lines[number - 1 :]:
            if not line.strip():
                break
            parts.append(line.strip())
        return " ".join(parts)

    def tree(self, text: str, at: int) -> Tree:
        """One side of the equation."""
        try:
            return parse(text)
        except Unreadable as error:
            raise self.broken(at, f"the model cannot be read: {error}") from None

    def fits(self, trees: tuple[Tree, Tree], parameters: list[str], others: list[str], at: int) -> None:
        """The model speaks of all parameters, and of nothing that the file does not give."""
        response, model = map(names, trees)
        if unknown := sorted((response | model) - {*parameters, *others}):
            raise self.broken(at, f"the model speaks of {unknown[0]!r}, which is no parameter and no column here")
        if unused := sorted({*parameters} - model):
            raise self.broken(at, f"the parameter {unused[0]!r} is certified, and the model does not have it")
        if response & {*parameters}:
            raise self.broken(at, "a parameter stands on the left of the model")

    def statistics(self) -> dict[str, Certified]:
        """The certified statistics of the residuals."""
        made: dict[str, Certified] = {}
        block = self.block("Certified Values")
        for number in range(block[0], min(self.block("Data")[0], len(self.lines) + 1)):
            for name, pattern in STATISTICS.items():
                if match := pattern.match(self.lines[number - 1]):
                    made.setdefault(name, self.certified(next(g for g in match.groups() if g), number))
        if missing := [name for name in STATISTICS if name not in made]:
            raise self.broken(block[-1], f"the {missing[0]} is not certified")
        return made

    def counts(self, made: Dataset) -> None:
        """There are as many observations as the file says, and more of them than parameters."""
        at, match = self.line_of(r".*?(\d+)\s+Observations", "'NUMBER Observations'")
        if self.whole(match[1], at) != made.size:
            raise self.broken(at, f"{match[1]} observations are announced, and {made.size} are there")
        if made.freedom < 1:
            raise self.broken(at, f"{made.size} observations are too few for {len(made.parameters)} parameters")
