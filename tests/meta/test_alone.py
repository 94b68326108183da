"""Plain programs run on their own: what they print, what they raise, and what becomes of one that dies."""

import pytest

from reference import alone, defects
from reference.__main__ import main
from reference.alone import DIED, agrees, printed
from reference.limits import LIMITS

GOOD = "print(['0x1p+0', '0x1p+0'])\nprint(None)"
FAILS = "print(['0x1p+0'])\nraise LookupError('no')"
DIES = "import os\nprint(['0x1p+0'])\nos._exit(7)"
READS = "alone = 'y' not in globals() and __name__ == '__main__'\nprint([float(alone).hex()])"


def test_what_programs_print() -> None:
    """Entry by entry: floats once each, None, an error's name; a death costs one program and no other."""
    found = printed([GOOD, DIES, FAILS, DIES, "y = 1", READS])
    assert found == [
        [["0x1p+0"], None],
        [DIED],
        [["0x1p+0"], "LookupError"],
        [DIED],
        [],
        [["0x1.0000000000000p+0"]],
    ]


@pytest.mark.parametrize(
    "prints, judges, same",
    [
        ([["0x1p+0"]], [["0x1p+0"]], True),
        ([["0x1p+0"]], [["0x1p+1"]], False),
        ([None], [["0x1p+0"]], False),
        ([["0x1p+0"]], [["0x1p+0"], None], False),
        (["LookupError"], ["LookupError", "LookupError"], True),
        ([DIED], ["LookupError"], False),
        ([], [["0x1p+0"]], False),
    ],
)
def test_what_agrees(prints: list, judges: list, same: bool) -> None:
    """The same entries; a program that raises prints one of several, and silence agrees with nothing."""
    assert agrees(prints, judges) is same


@pytest.mark.deep
def test_the_command_tells_a_program_that_prints_another_number(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    """Programs of their own counterexamples print what was judged; another counterexample's does not."""
    monkeypatch.setattr(defects, "LIMITS", LIMITS[2:4])
    assert main(["limits", "--scripts"]) == 0 and ": 0 print another number" in capsys.readouterr().out
    other = alone.program(LIMITS[2])
    monkeypatch.setattr(alone, "program", lambda limit: other)
    assert main(["limits", "--scripts"]) == 1 and f"{LIMITS[3].name}: " in capsys.readouterr().out
