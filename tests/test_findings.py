"""Is what was found beside the limits still true? Plain TensorFlow, in one process, says so again."""

from reference.alone import printed
from tests.neighbours import LEAKS
from tests.test_third import FINDINGS, program

PROGRAMS = {row.name: (row.program, "nan") for row in LEAKS} | {
    row.name: (program(row), row.prints) for row in FINDINGS
}


def test_the_findings_are_still_true() -> None:
    """Plain TensorFlow prints what the tables say; the first time it does not, delete the row."""
    said = dict(zip(PROGRAMS, printed([text for text, _ in PROGRAMS.values()]), strict=True))
    assert said == {name: [due] for name, (_, due) in PROGRAMS.items()}
    assert len(PROGRAMS) == len(LEAKS) + len(FINDINGS)


def test_a_finding_says_why_and_fits_on_a_screen() -> None:
    """A reason ends with a full stop, a program has 15 lines at most."""
    assert all(row.why.endswith(".") for row in (*LEAKS, *FINDINGS))
    assert all(len(text.strip().splitlines()) <= 15 for text, _ in PROGRAMS.values())
