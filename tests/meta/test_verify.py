"""The main job: its exit codes, its file of verdicts, what it survives, and how it goes on."""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from itertools import product
from pathlib import Path

import pytest

from reference import verify
from reference.catalogue import OPS
from reference.modes import MODES
from reference.op import FLOATS
from reference.record import Tally
from reference.table import finding

HELLO = {"tensorflow": "0.0"}
ROOT = Path(__file__).resolve().parents[2]


def options(**chosen: object) -> argparse.Namespace:
    """The options of a run, as the command line hands them over."""
    plain = {"op": [], "mode": [], "dtype": [], "order": [], "quick": True, "resume": False, "out": None, "json": False}
    return argparse.Namespace(**{**plain, "no_progress": True, "jobs": 1, **chosen})


def command(*words: str, **more: object) -> subprocess.CompletedProcess[str]:
    """`python -m reference verify …`, to its end."""
    line = [sys.executable, "-m", "reference", "verify", "--no-progress", *words]
    return subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=240, **more)  # type: ignore[call-overload]


def record(status: str, **more: object) -> dict[str, object]:
    """A verdict's line."""
    plain = {"op": "tanh", "family": "elementary", "mode": "tape", "dtype": "float32", "order": 1, "entry": [0]}
    counts = {"counts": {status: 1}, "points": 1, "status": status, "message": "", "findings": []}
    return {**plain, **counts, **more}


def tallied(*lines: dict[str, object]) -> Tally:
    """What these lines add up to."""
    tally = Tally()
    for line in lines:
        tally.add(line)
    return tally


def test_green_because_nothing_ran_is_red() -> None:
    """Nothing checked has an exit code of its own."""
    assert tallied().exit_code == 5


@pytest.mark.parametrize("status", ["right", "convention", "flushed", "weak", "lost", "unbounded", "known"])
def test_a_gate_lets_through(status: str) -> None:
    """Everything right, weak for a derived reason, or listed."""
    assert tallied(record(status)).exit_code == 0


@pytest.mark.parametrize("status", ["wrong", "missing", "raised", "crashed"])
def test_a_gate_stops(status: str) -> None:
    """A finding."""
    assert tallied(record("right"), record(status)).exit_code == 1


def test_a_limit_that_is_no_longer_true_stops_the_gate() -> None:
    """It can be deleted, and has to be."""
    assert tallied(record("right"), {"untrue": "sinc is NaN at 0"}).exit_code == 1


def test_a_kernel_outside_its_contract_is_told_and_stops_nothing_by_itself() -> None:
    """What a broken kernel does to a derivative is that derivative's verdict."""
    kernel = {"kernel": "Tanh", "dtype": "float32", "op": "tanh", "floats": 9, "broken": 1, "ulp": 9.0, "limit": ""}
    tally = tallied(record("right"), kernel)
    assert tally.exit_code == 0
    assert tally.broken_kernels == [kernel]


def test_a_fault_of_the_suite_is_no_finding_about_tensorflow() -> None:
    """It has the exit code of the infrastructure."""
    assert tallied(record("wrong"), {"error": "no row says what the kernel Foo means"}).exit_code == 3


def test_a_finding_can_be_seen_again() -> None:
    """Its words name mode, dtype and order, primal and answer in decimal and hex, and the command."""
    point = {
        "status": "wrong", "question": "value", "kernel": "Tanh", "ulp": 146.0, "primals": ["0x1.8p+1"],
        "cotangent": ["0x1.8p-1"], "tangents": ["-0x1p+0"], "exact": ["0.0073995"], "exact_hex": ["0x1.e4fp-8"],
        "got": "0x1.e5p-8",
    }  # fmt: skip
    text = finding(record("wrong", findings=[point]))
    assert "tanh: wrong at 1 of 1 points   [mode=tape dtype=float32 order=1 entry=(0,)]" in text
    assert "3.0 (0x1.8p+1)" in text and "kernel Tanh" in text
    assert "python -m reference show tanh --at=0x1.8p+1 --cotangent=0x1.8p-1 --tangent=-0x1p+0 --mode tape" in text


# -- the file of verdicts -----------------------------------------------------------------------------------


def written(path: Path, *lines: dict[str, object]) -> None:
    """A run that wrote these lines."""
    log = verify.Log(path, HELLO, resume=False)
    log.add(lines)
    log.close()


def test_what_was_judged_is_taken_over_task_by_task(tmp_path: Path) -> None:
    """Lines of an unfinished task and a torn last line are dropped; the finished ones stay."""
    path = tmp_path / "verdicts.jsonl"
    written(path, record("right"), {"done": "tanh float32", "lines": 1, "tensorflow_seconds": 1.0}, record("wrong"))
    with path.open("a") as file:
        file.write('{"op": "exp", "cou')
    again = verify.Log(path, HELLO, resume=True)
    again.close()
    assert again.done == {"tanh float32"}
    assert tallied(*again.before).exit_code == 0


def test_a_damaged_line_has_its_task_asked_again(tmp_path: Path) -> None:
    """A finding that lost a byte is not forgotten: its task does not count as done."""
    path = tmp_path / "verdicts.jsonl"
    written(path, record("wrong"), {"done": "tanh float32", "lines": 1, "tensorflow_seconds": 1.0})
    head, wrong, done = path.read_text().splitlines()
    path.write_text("\n".join([head, wrong[:-1], done]) + "\n")
    again = verify.Log(path, HELLO, resume=True)
    again.close()
    assert not again.done and not again.before


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00 no text", b"[1, 2]\n", b'{"done": "tanh float32"}\n'])
def test_a_file_that_is_none_of_ours_is_not_resumed(tmp_path: Path, content: bytes) -> None:
    """One sentence, and the file stays."""
    path = tmp_path / "verdicts.jsonl"
    path.write_bytes(content)
    with pytest.raises(verify.Unwritable, match="damaged or no file of verdicts"):
        verify.Log(path, HELLO, resume=True)
    assert path.read_bytes() == content


def test_another_runs_file_is_not_resumed(tmp_path: Path) -> None:
    """Another TensorFlow, other options or another version of the suite: one sentence, and the file stays."""
    path = tmp_path / "verdicts.jsonl"
    written(path, record("right"), {"done": "tanh float32", "lines": 1, "tensorflow_seconds": 1.0})
    before = path.read_text()
    with pytest.raises(verify.Unwritable, match="of another run"):
        verify.Log(path, {"tensorflow": "0.1"}, resume=True)
    assert path.read_text() == before


def test_a_former_file_is_set_aside(tmp_path: Path) -> None:
    """Nothing is lost when a run starts anew over a file."""
    path = tmp_path / "verdicts.jsonl"
    written(path, record("wrong"))
    written(path)
    assert '"wrong"' in path.with_name("verdicts.jsonl.previous").read_text()


def test_tasks_are_what_was_chosen() -> None:
    """Ops, dtypes that the op has, modes and orders; named modes are asked in every dtype."""
    everything = verify.tasks(options(quick=False))
    assert len({t.name for t in everything}) == len(everything) > 300
    (named,) = verify.tasks(options(op=["tanh"], dtype=["bfloat16"], mode=["batch_jacobian"]))
    assert named.modes == ("batch_jacobian",)
    assert not verify.tasks(options(op=["erfinv"], dtype=["float16"]))


def test_dear_modes_and_narrow_dtypes_take_turns() -> None:
    """Every op is asked in three dtypes, one of them narrow, in all cheap modes and in a third of the dear ones."""
    everything = verify.tasks(options(quick=False))
    for op in OPS:
        mine = [t for t in everything if t.op == op]
        modes = [m for t in mine for m in t.modes]
        assert set(modes) >= set(MODES) - set(verify.IN_TURN) and all(modes.count(m) <= 1 for m in verify.IN_TURN)
        assert sum(modes.count(m) for m in verify.IN_TURN) in (3, 4)
        assert {t.dtype for t in mine} >= {"float32", "float64"} and len(mine) <= 3
    asked = {(m, t.dtype) for t in everything for m in t.modes}
    assert asked == set(product(MODES, FLOATS)), "over the catalogue every mode meets every dtype"


def test_a_quick_run_asks_every_op() -> None:
    """In float32 where TensorFlow has it, and about every third in float64 too; what is named is asked in both."""
    everything = verify.tasks(options())
    narrow = {t.op for t in everything if t.dtype == "float32"}
    assert {t.op for t in everything} == set(OPS) and narrow == {o for o in OPS if "float32" in OPS[o].dtypes}
    assert len(OPS) / 4 < sum(t.dtype == "float64" for t in everything) < len(OPS) / 2
    assert {t.dtype for t in verify.tasks(options(op=["sqrt"]))} == {"float32", "float64"}


@pytest.mark.parametrize(
    "name, why",
    [("", "it is a folder"), ("no/where.jsonl", "no such folder"), ("/dev/null", "it is no regular file")],
)
def test_an_unwritable_output_is_told_before_tensorflow_is_asked(tmp_path: Path, name: str, why: str) -> None:
    """One sentence with the path and the reason, and what to do."""
    with pytest.raises(verify.Unwritable, match=f"{why}; name another file with --out"):
        verify.run(options(out=str(tmp_path / name), op=["tanh"], python="/no/such/python"))


def test_a_link_is_written_through(tmp_path: Path) -> None:
    """The file that a symbolic link names is the one that is written."""
    link = tmp_path / "link.jsonl"
    link.symlink_to(tmp_path / "verdicts.jsonl")
    assert verify.writable(link) == (tmp_path / "verdicts.jsonl").resolve()


# -- whole runs ---------------------------------------------------------------------------------------------


def test_a_clean_run_and_its_resumption(tmp_path: Path) -> None:
    """Exit code 0, a table, whole JSON lines; resumed, a finished run asks nothing and says the same."""
    out = tmp_path / "verdicts.jsonl"
    words = ("--quick", "--op", "tanh", "--dtype", "float32", "--mode", "tape,nested", "--out", str(out))
    done = command(*words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "against the exact derivatives" in done.stdout and "clean" in done.stdout
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert lines[0]["run"]["tensorflow"]["tensorflow"]
    assert {line["mode"] for line in lines if "counts" in line} == {"tape", "nested"}
    again = command(*words, "--resume", "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["tensorflow_seconds"] == 0


def test_a_run_that_is_interrupted_says_how_to_go_on(tmp_path: Path) -> None:
    """Ctrl-C: one sentence, exit code 130, whole lines on disk."""
    out = tmp_path / "verdicts.jsonl"
    line = [sys.executable, "-m", "reference", "verify", "--no-progress", "--quick", "--out", str(out)]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background it is ignored, and inherited
    process = subprocess.Popen(line, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    signal.signal(signal.SIGINT, before)
    for _ in range(600):
        if out.exists() and '"done"' in out.read_text():
            break
        time.sleep(0.1)
    os.kill(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "--resume" in said and "Traceback" not in said
    assert any("done" in json.loads(text) for text in out.read_text().splitlines())
