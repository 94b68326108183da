"""The limits as a table, and another TensorFlow's answers to their counterexamples."""

import json
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from reference import defects, limits
from reference.__main__ import main
from reference.ask import Probe
from reference.defects import GONE, KERNEL, OTHERWISE, STILL, UNABLE, WORDS, State, kept, measured, state, table
from reference.limits import LIMITS, Limit, anywhere
from reference.ratchet import Asked
from reference.trial import Trial

CHECKED = {row.name: row for row in LIMITS}
FIRST = [next(row for row in LIMITS if next(iter(row.symptoms)) == word) for word in ("nan", "zero", "raised")]


@pytest.mark.parametrize("version", sorted(kept()))
def test_every_limit_was_asked_in_the_other_version(version: str) -> None:
    """A file of states names the limits that there are, and no other."""
    wrong = defects.stale(kept()[version])
    assert not wrong, f"{'; '.join(wrong)}: python -m reference limits --python PATH --write, by TensorFlow {version}"
    assert {each.now for each in kept()[version].values()} <= set(WORDS)


def test_there_is_such_a_file() -> None:
    """One release candidate at least was asked."""
    assert any("rc" in version for version in kept())


def test_a_missing_and_a_stale_limit_are_told() -> None:
    """A limit that was never asked, and a state of a limit that is no more."""
    names = [row.name for row in LIMITS]
    assert defects.stale(names) == []
    assert defects.stale([*names[1:], "gone"]) == [f"lacks {names[0]!r}", "has 'gone', which is no limit"]


# -- one state --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", FIRST, ids=lambda limit: limit.name)
def test_what_is_still_there(trial: Trial, limit: Limit) -> None:
    """The TensorFlow that a limit was found in still has it."""
    assert state(trial, limit) == State(STILL, "")


LIE = Limit("a lie", ("sin",), "zero", (1,), anywhere, ("sin", "tape", "float32", 1, 1.0), "A lie.")


def test_what_is_gone(trial: Trial) -> None:
    """Where the derivative is right the limit is gone."""
    assert state(trial, LIE) == State(GONE, "")


def test_what_shows_differently(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the derivative is wrong in another way than the limit says, the way is said."""
    honest = next(row for row in LIMITS if row.name == "sinc is NaN at 0")
    assert state(trial, honest._replace(name="a second name")) == State(OTHERWISE, "as in “sinc is NaN at 0”")
    monkeypatch.setattr(limits, "LIMITS", ())
    trial.forget()
    assert state(trial, honest) == State(OTHERWISE, "nan")
    trial.forget()


def test_what_only_the_kernel_shows(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the derivative passes and the limit's kernel leaves its contract, that is another word."""
    monkeypatch.setattr(defects, "kernel_errs", lambda trial, limit, question: True)
    assert state(trial, LIE).now == KERNEL


def test_a_processor_may_be_unable() -> None:
    """What needs a feature that the processor lacks is not asked."""
    plain = SimpleNamespace(probe=SimpleNamespace(hello={"cpu": {"flags": []}}))
    assert state(plain, LIE._replace(needs="avx999")) == State(UNABLE, "the processor has no avx999")  # type: ignore[arg-type]


def test_an_unknown_kernel_is_no_end(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where another version runs a kernel that no row knows, its answer is held to the exact value alone."""

    def unknown(question: Any) -> Any:
        raise defects.UnknownKernel("no row says what the kernel Foo means")

    asked = SimpleNamespace(probe=trial.probe, verdicts=unknown, answer=trial.answer)
    now = state(asked, CHECKED["sinc is NaN at 0"])  # type: ignore[arg-type]
    assert now.now == STILL and "Foo" in now.says
    exact = LIE._replace(who=("neg",), example=("neg", "tape", "float32", 1, 1.0))
    assert state(asked, exact).now == GONE  # type: ignore[arg-type]


# -- the command --------------------------------------------------------------------------------------------------


def test_another_interpreter_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, probe: Probe, capsys: Any
) -> None:
    """Its answers are printed as they come, and kept under its version."""
    monkeypatch.setattr(defects, "TABLES", tmp_path)
    monkeypatch.setattr(defects, "LIMITS", (FIRST[0], LIE))
    monkeypatch.setattr(defects, "Probe", lambda **_: nullcontext(probe))
    assert main(["limits", "--python", "another", "--write", "--json"]) == 0
    out, err = capsys.readouterr()
    version = probe.hello["tensorflow"]
    wanted = {FIRST[0].name: {"now": STILL, "says": ""}, "a lie": {"now": GONE, "says": ""}}
    assert json.loads(out)["limits"] == wanted
    assert json.loads((tmp_path / f"limits-{version}.json").read_text())["limits"] == wanted
    assert kept()[version] == {name: State(**each) for name, each in wanted.items()}
    assert f"TensorFlow {version}: 1 still there, 0 in the kernel only, 1 gone" in err


def test_the_table_names_each_limit_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under its first symptom, with the size of its region and what another version says."""
    rows = [CHECKED["sinc is NaN at 0"], *FIRST]
    rows = list(dict.fromkeys(row.name for row in rows))
    text = table([measured(CHECKED[name]) for name in rows])
    assert all(text.count(f"| {name} |") == 1 for name in rows)
    assert "### NaN" in text and "### Zero" in text and "### Raised" in text
    assert next(line for line in text.splitlines() if "sinc is NaN" in line).count("|") == 9 - 1 + len(kept())
    monkeypatch.setattr(defects, "kept", lambda: {"9.9": {}})
    assert "not asked" in table([measured(CHECKED[rows[0]])])


def test_the_table_as_json(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """Every limit with its sizes by op."""
    monkeypatch.setattr(defects, "LIMITS", (CHECKED["sinc is NaN at 0"],))
    assert main(["limits", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["sizes"]["sinc"]["exact"] and row["counted"] == "float32"


def test_states_are_kept_by_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One file per version, one limit per line."""
    monkeypatch.setattr(defects, "TABLES", tmp_path)
    path = defects.keep(Asked("9.9", ("avx",)), {"b": State(GONE, ""), "a": State(STILL, "")})
    assert path == tmp_path / "limits-9.9.json" and len(path.read_text().splitlines()) == 7
    assert kept() == {"9.9": {"a": State(STILL, ""), "b": State(GONE, "")}}
