"""The documented logs as files: verbatim, read-only, in a format of which every breach is one sentence."""

import ast
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from reference.__main__ import main
from reference.choices import Unusable
from reference.golden import log
from reference.golden.printed import HOLE
from reference.golden.running import told
from tests.logs import TEXT, changed, documented

ROOT = Path(__file__).resolve().parents[1] / "reference"
#: Of the lines of each log, joined by line ends, as they stand in the source documents.
CHECKSUMS = {
    "L1": "cffceed7d8ceb18b",
    "L2": "c2e8e51bf34f2429",
    "L3": "485a22a0b5011080",
    "L4": "2309d4152ebee5fb",
    "L5": "6c265f67b08bbdbc",
    "L6": "f45b801f3390cd81",
    "S1": "54f7fafb0bde4da5",
    "S2": "f9bc21abded0a854",
    "S3": "1f3030af0e46baef",
    "S4a": "4b4653fa7e5c8790",
    "S4b": "43aecaa3db964108",
    "S4c": "7b18c8af4a6b6a84",
    "S4d": "b00048c17b7dbb73",
    "S4e": "d2f696544d0ad00c",
    "S4f": "0548746f738da4d0",
}
PLAIN = json.dumps(list(documented("L2").lines))
COUNTS = {"L1": 33, "L2": 33, "L3": 33, "L4": 11, "L5": 11, "L6": 6, "S1": 12, "S2": 1, "S3": 2, "S4a": 23, "S4b": 4}


def checksum(lines: tuple[str, ...]) -> str:
    """The first half of a SHA-256 over all lines."""
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def test_the_lines_are_those_of_the_documents() -> None:
    """No line of a documented log is lost, added or changed."""
    assert {name: checksum(documented(name).lines) for name in log.names()} == CHECKSUMS


def test_a_changed_line_is_noticed() -> None:
    """One digit of one line gives another checksum."""
    lines = documented("L4").lines
    assert checksum((lines[0][:-1] + "9", *lines[1:])) != CHECKSUMS["L4"]


def test_every_number_of_every_line_is_read() -> None:
    """The patterns name every number that stands in the lines."""
    for name, count in COUNTS.items():
        assert len(documented(name).numbers) == count, name
    assert all(len(documented(name).numbers) == 2 for name in ("S4c", "S4d", "S4e", "S4f"))


def test_no_command_writes_into_the_logs(capsys: Any) -> None:
    """Listing, explaining and reading leave every file as it is."""
    before = {path: path.read_bytes() for path in log.FOLDER.iterdir()}
    for words in ("log", "log list --json", "log explain L3 --json", "log versions"):
        assert main(words.split()) == 0
    capsys.readouterr()
    assert {path: path.read_bytes() for path in log.FOLDER.iterdir()} == before


WRITES = {"write_text", "write_bytes", "open", "unlink", "rename", "replace", "mkdir", "touch", "rmtree", "copy"}


def writing(text: str) -> set[str]:
    """The calls of a file that could change another file; `replace` with two texts is a string's."""
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    names = {getattr(c.func, "attr", getattr(c.func, "id", "")): len(c.args) for c in calls}
    return {name for name, count in names.items() if name in WRITES and not (name == "replace" and count == 2)}


def test_only_the_table_of_versions_and_pictures_are_ever_written() -> None:
    """No other file of the commands or programs has a call that writes; what is drawn has a name of its own."""
    files = [*(ROOT / "golden").glob("*.py"), *(ROOT / "programs").glob("*.py")]
    found = {path.name: writing(path.read_text("utf-8")) for path in files}
    assert {name for name, calls in found.items() if calls} == {"versions.py", "picture.py"}
    assert 'stored(folder / f"{log.name}-{what}.svg"' in (ROOT / "golden" / "picture.py").read_text("utf-8")
    text = (ROOT / "golden" / "versions.py").read_text("utf-8")
    assert "FOLDER" not in text and text.count("write_text") == 2
    assert writing("path.write_bytes(b'')") and writing("open('x', 'w')") and not writing("text.replace('a', 'b')")


def test_list_shows_every_log(capsys: Any) -> None:
    """On the screen and as JSON, with the sentence for each contradiction."""
    assert main(["log", "list", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert list(rows) == list(CHECKSUMS) and rows["L3"]["tensorflow"] == "2.0.0"
    assert [each["field"] for each in rows["L5"]["contradictions"]] == ["rate", "iterations", "display"]
    assert main(["log"]) == 0
    screen = capsys.readouterr().out
    assert all(name in screen for name in CHECKSUMS) and "this is the loss of 0.001" in screen


def test_a_contradiction_is_where_listing_and_effective_setting_differ() -> None:
    """Each field in which they differ has its sentence, and no other field."""
    for name in log.names():
        found = documented(name)
        fields = [each["field"] for each in found.more["contradictions"] if each["field"] != "lines"]
        assert sorted(fields) == sorted(k for k in found.listing if found.listing[k] != found.effective[k]), name


TWO_COLUMNS = "[data]\ninputs = [[1.0, 2.0], [3, 5]]\ntargets = [1.0, 2.0]\n[listing]"
ONE_VALUE = "[data]\ninputs = [[1.0, 2.0], [3, 3]]\ntargets = [1.0, 2.0]\n[listing]"
BROKEN = [
    ("L2", 'pattern = "i: {i}, Loss:{loss}, w: {w}, b: {b}"', f"pattern = {PLAIN}", "no line holds a number."),
    ("L2", 'program = "univariate_numpy"\n', "", "the field 'program' is missing."),
    ("L2", 'prints = "fixed"\n', "", "the field 'prints' is missing."),
    ("L2", "seed = 612", 'seed = "612"', "the field 'seed' must be a whole number, not '612'."),
    ("L2", "seed = 612", "seed = -1", "the field 'seed' must lie from 0 to 2**32 - 1, not at -1."),
    ("L2", "seed = 612", "sead = 612", "There is no field 'sead'; the nearest is seed."),
    ("L2", "univariate_numpy", "univariat_numpy", "There is no program 'univariat_numpy'; the nearest are"),
    ("L2", '"float64"', '"float16"', "There is no dtype 'float16'; the nearest"),
    ("L2", '"fixed"', '"hex"', "There is no way of printing 'hex'; there are fixed and shortest."),
    ("L2", "rate = 0.0001", "rate = nan", "[listing] has rate = NaN, and rate must be a finite number above 0."),
    ("L2", "rate = 0.0001", "rate = 1e-99999999", "rate must be a finite number above 0."),
    ("L2", "rate = 0.0001", "rate = 1e999999999", "has rate = 1E+999999999, and rate must be a finite number above 0."),
    ("L2", "rate = 0.0001", "rate = 1e9999999999999999999999", "it holds a number with an exponent that no decimal"),
    ("L2", 'name = "L2"', 'name = "../L2"', "the field 'name' must be a letter or digit, and then up to 99 letters"),
    ("L2", 'name = "L2"', 'name = "n\\u0000ul"', "and underscores, not 'n\\x00ul'."),
    ("L2", 'name = "L2"', 'name = ""', "and underscores, not ''."),
    ("L2", 'name = "L2"', f'name = "{"L" * 101}"', "and underscores, not 'LLL"),
    (
        "L2",
        "{w}, b",
        "{w}1, b",
        "line 1 has a pattern with a digit right behind a name, so that the number's end is not",
    ),
    ("L2", "rate = 0.0001", 'rate = "fast"', "[listing] has rate = fast, and rate must be a finite number above 0."),
    ("L2", "iterations = 10", "iterations = 10.5", "iterations must be a whole number from 1 to 10,000."),
    ("L2", "iterations = 10", "iterations = 10001", "iterations must be a whole number from 1 to 10,000."),
    ("L2", 'loss = "before"', 'loss = "during"', "loss must be 'before' or 'after'."),
    ("L2", "display = 1", "step = 1", "There is no setting 'step';"),
    ("L2", "89.861841", "nan", "line 2 prints nan as loss, of which no digit can be judged."),
    ("L2", "89.861841", "-Infinity", "line 2 prints -Infinity as loss, of which no digit can be judged."),
    (
        "L2",
        "89.861841",
        "89,861841",
        "line 2 is 'i: 1, Loss:89,861841, w: 0.957843, b: -1.153412', which does not read",
    ),
    ("L2", "Loss:89.861841", "Loss:" + "8" * 70, "line 2 prints more than 60 digits as loss."),
    ("L2", "{loss}, w", "{loss}{w}, w", "line 1 has a pattern that is too long, or with two names side by side."),
    ("L2", "i: 1,", "i: 1.5,", "line 2 has the step '1.5', which is no whole number."),
    ("L2", "lines = [", "lines = [7,", "the field 'lines' must hold texts, not 7."),
    ("L2", "[listing]", "[listing", "this is not TOML: "),
    ("L2", "[listing]", "[data]\ninputs = [[1.0, 2.0]]\ntargets = [1.0]\n[listing]", "two numbers or more."),
    ("L2", "[listing]", "[data]\ninputs = [[1.0, 2.0]]\ntargets = [1.0, inf]\n[listing]", "finite numbers, not I"),
    ("L2", "[listing]", "[data]\nx = [[1.0, 2.0]]\ntargets = [1.0, 2.0]\n[listing]", "[data] must have 'inputs'"),
    ("L4", 'why = "The listing runs to 50', 'who = "The listing runs to 50', "must have the texts 'field' and 'why'"),
    ("S4a", "  '[[ 0.]',\n", "", "a list with one text per line."),
    ("S4a", "pattern = [\n", "pattern = [\n'',\n", "a list with one text per line."),
]


@pytest.mark.parametrize("name, old, new, sentence", BROKEN)
def test_a_broken_file_is_one_sentence(
    name: str, old: str, new: str, sentence: str, tmp_path: Path, capsys: Any
) -> None:
    """A missing field, a wrong type, no TOML, a line that does not parse, NaN: exit code 2, and where it is."""
    path = changed(tmp_path, name, (old, new))
    assert main(["log", "explain", str(path)]) == 2
    out, err = capsys.readouterr()
    assert sentence in err and err.startswith(str(path)) and err.count("\n") == 1 and not out, err


MISFITS = [
    ("L2", "{b}", "{c}", "L2: line 1 has a 'c'; of univariate_numpy w, b and loss are known."),
    ("L2", "seed = 612\n", "", "L2: the field 'seed' is missing, without which the start is not known."),
    ("L2", "[listing]\nrate = 0.0001\n", "[listing]\n", "L2: the field 'rate' is missing in [listing]."),
    ("L2", "[listing]", TWO_COLUMNS, "L2: univariate_numpy takes one column of inputs, not 2."),
    ("L4", "[listing]", ONE_VALUE, "scales its inputs to [0, 1], and a column has one value only."),
    (
        "L2",
        "seed = 612",
        'seed = 612\nat = "start"',
        "L2: it tells of the start, before any update, so that there is no",
    ),
    ("S4c", "[listing]", TWO_COLUMNS, "S4c: minimum_by_hand takes no [data]."),
]


@pytest.mark.parametrize("name, old, new, sentence", MISFITS)
def test_a_log_that_does_not_fit_its_program_is_one_sentence(
    name: str, old: str, new: str, sentence: str, tmp_path: Path, capsys: Any
) -> None:
    """Numbers that the program does not say, no start, no rate, data of another shape."""
    path = changed(tmp_path, name, (old, new))
    assert main(["log", "explain", str(path)]) == 2
    out, err = capsys.readouterr()
    assert sentence in err and err.count("\n") == 1 and not out, err


@pytest.mark.parametrize(
    "name, old, new, sentence",
    [
        ("S2", "at =", "seed = 1\nat =", "S2: adam cannot be told 'seed', but rate, iterations and start."),
        ("L3", 'loss = "before"', 'loss = "after"', "univariate_tensorflow has loss = 'before' and cannot be told"),
    ],
)
def test_a_program_that_cannot_be_told_so_is_one_sentence(
    name: str, old: str, new: str, sentence: str, tmp_path: Path
) -> None:
    """What a program has no knob for is refused before it runs."""
    (found,) = log.chosen(str(changed(tmp_path, name, (old, new))))
    with pytest.raises(Unusable, match=re.escape(sentence)):
        told(found)


@pytest.mark.parametrize(
    "content", [b"\xff\xfe", b"\x00" * 40, b"[" * 5000, b"seed = " + b"9" * 5000, b"a" * 1_000_001, b""]
)
def test_what_is_no_log_is_one_sentence(content: bytes, tmp_path: Path, capsys: Any) -> None:
    """Bytes, brackets without end, a number of five thousand digits, a file that is too long or empty."""
    path = tmp_path / "x.toml"
    path.write_bytes(content)
    assert main(["log", "run", str(path)]) == 2
    _, err = capsys.readouterr()
    assert err.startswith(f"{path}: th") and err.count("\n") == 1, err


@pytest.mark.parametrize(
    "words, sentence",
    [
        ("log run L9", "There is no log 'L9'; "),
        ("log run", "Name one log or more, or give --all"),
        ("log run L3 --all", "Name one log or more, or give --all"),
        ("log explain S1", "S1: its numbers come of no training"),
        ("log explain S4a", "S4a: its numbers come of no training"),
        ("log explain nowhere.toml", "nowhere.toml: the file cannot be read: No such file or directory."),
    ],
)
def test_a_choice_that_cannot_be_met_is_one_sentence(words: str, sentence: str, capsys: Any) -> None:
    """Unknown names, none, too many, random draws, and no such file."""
    assert main(words.split()) == 2
    _, err = capsys.readouterr()
    assert sentence in err and err.count("\n") == 1


def test_the_readme_names_every_field() -> None:
    """The format is documented where the logs are, in less than a screen."""
    text = (log.FOLDER / "README.md").read_text("utf-8")
    assert all(f"`{field}`" in text for field in (*log.FIELDS, *log.SETTINGS)) and len(text.splitlines()) <= 60


def test_patterns_are_the_lines_with_names_for_numbers() -> None:
    """Filled with the printed numbers, a pattern is its line again, blanks aside."""
    for name in log.names():
        found = documented(name)
        assert TEXT[name].startswith(("name = ", "#"))
        for place, line in enumerate(found.lines, 1):
            texts = [n.text for n in found.numbers if n.line == place]
            assert all(text in line for text in texts) and not HOLE.search(line)
