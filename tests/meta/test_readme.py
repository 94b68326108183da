"""What the README shows is what comes back: its table of surprises, its links, and its examples."""

import re
from contextlib import nullcontext
from pathlib import Path

import pytest

from reference import show
from reference.__main__ import main
from reference.ask import Probe

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")
NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?")


def surprises() -> list[tuple[str, str, str, str]]:
    """The rows of the table of what surprises: what, exact, TensorFlow's, and the command that shows it."""
    table = README[README.index("| what | exact |") :].partition("\n\n")[0]
    rows = [tuple(cell.strip() for cell in line.strip("|").split(" | ")) for line in table.splitlines()[2:]]
    return [(what, exact, said, command) for what, exact, said, command in rows]


def numbers(text: str) -> list[str]:
    """The numbers that stand at the head of a cell, with a plain minus sign."""
    head = re.split(r"[:;…]|TensorFlow|digits", text.replace("−", "-").replace("¾", "0.75"))[0]
    return NUMBER.findall(head) if re.match(r"[(+\-\d`]", head) else []


def shown(decimal: str, output: str) -> bool:
    """Whether a number of the output is this decimal, rounded to its digits."""
    places = len(decimal.partition(".")[2])
    found = (float(n) for n in NUMBER.findall(output))
    return any(round(x, places) == round(float(decimal), places) for x in found)


def test_the_table_has_ten_rows_that_can_be_seen() -> None:
    """Each row ends with a command in code, and most have numbers that can be looked for."""
    rows = surprises()
    assert len(rows) == 10 and all(command.startswith("`") for *_, command in rows)
    assert sum(bool(numbers(exact) and numbers(said)) for _, exact, said, _ in rows) >= 6


@pytest.mark.parametrize("row", [row for row in surprises() if row[3].startswith("`show")], ids=lambda row: row[0])
def test_a_surprise_is_shown_as_told(
    row: tuple[str, str, str, str], probe: Probe, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command prints the exact number and TensorFlow's, and calls the defect known."""
    _, exact, said, command = row
    monkeypatch.setattr(show, "Probe", lambda: nullcontext(probe))
    assert main(command.strip("`").split()) == 0
    output = capsys.readouterr().out
    assert "known" in output
    assert all(shown(n, output) for n in numbers(exact) + numbers(said)), output


def test_a_wrong_number_would_be_seen() -> None:
    """A digit more or less, or another sign, is no number of the output."""
    output = "exact  -0.843935943   TensorFlow  -1.12673402"
    assert shown("-0.844", output) and shown("-1.127", output)
    assert not any(shown(n, output) for n in ("0.844", "-0.843", "-1.12", "-0.8441"))


@pytest.mark.parametrize("path", ["README.md", "reference/README.md", "tests/README.md"])
def test_no_link_leads_nowhere(path: str) -> None:
    """Every relative link of a document is a file or folder of the project."""
    document = ROOT / path
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", document.read_text("utf-8"))
    assert all((document.parent / link).exists() for link in links), links
