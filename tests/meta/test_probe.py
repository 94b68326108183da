"""The probe asks what it is told to ask, says what came back, and its client survives its death."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reference import wire
from reference.ask import Probe, ProbeUnavailable
from reference.modes import MODES

HERE = {"PYTHONPATH": str(Path(__file__).parent)}
X, Y = [0.5, 1.5, -2.0], [3.0, 2.0, 0.25]
C = np.array([0.5, 2.0, 3.0])
H = [np.array([1.5, -2.0, 0.5]), np.array([-1.0, 3.0, 2.0])]
POINTS = {"cube": [X], "product": [X, Y]}

# by hand, at the points above; every number is exact even in bfloat16
FIRST = {"cube": [[0.75, 6.75, 12.0]], "product": [[3.0, 6.0, -1.0], [0.25, 2.25, 4.0]]}
SECOND = {
    "cube": [[3.0, 9.0, -12.0]],
    "product": [[6.0, 4.0, 0.5], [1.0, 3.0, -4.0], [1.0, 3.0, -4.0], [0.0, 0.0, 0.0]],
}
SCALES: dict[tuple[str, int], Any] = {
    ("vjp", 1): lambda i, j: C,
    ("jvp", 1): lambda i, j: H[i],
    ("jacobian", 1): lambda i, j: C,
    ("batch_jacobian", 1): lambda i, j: C,
    ("vjp", 2): lambda i, j: C * H[i],
    ("jvp_of_vjp", 2): lambda i, j: C * H[j],
    ("vjp_of_jvp", 2): lambda i, j: C * H[i],
    ("jvp_of_jvp", 2): lambda i, j: H[i] * H[j],
    ("jacobian", 2): lambda i, j: C * H[i],
    ("batch_jacobian", 2): lambda i, j: C * H[i],
}
QUESTIONS = [(name, order) for name, mode in MODES.items() for order in (1, 2) if mode.asks[order - 1]]


def job(op: str, mode: str, order: int = 1, dtype: str = "float32", **more: Any) -> dict[str, Any]:
    """A question at the points above."""
    xs = POINTS.get(op, [X])
    return {
        "id": f"{op} {mode} {order}",
        "op": op,
        "mode": mode,
        "dtype": dtype,
        "order": order,
        "primals": [wire.pack(x, dtype) for x in xs],
        "cotangent": wire.pack(C, dtype),
        "tangents": [wire.pack(h, dtype) for h in H[: len(xs)]],
        **more,
    }


def numbers(record: dict[str, Any]) -> np.ndarray:
    """A record's values."""
    values, _ = wire.unpack(record)
    assert values is not None
    return values


@pytest.fixture(scope="module")
def probe() -> Iterator[Probe]:
    """One probe for all tests that leave it alive."""
    with Probe(catalogue="odd_ops", env=HERE) as probe:
        yield probe


def test_hello_says_who_answers(probe: Probe) -> None:
    """The first line names the version, the build, the machine and the settings."""
    assert {"tensorflow", "build", "numpy", "python", "keras", "cpu", "onednn"} <= set(probe.hello)
    assert probe.hello["python"] == sys.version.split()[0]
    assert set(probe.hello["modes"]) == set(MODES)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("op", ["cube", "product"])
@pytest.mark.parametrize(("mode", "order"), QUESTIONS)
def test_every_mode_is_exact_by_hand(probe: Probe, mode: str, order: int, op: str, dtype: str) -> None:
    """Every mode answers the derivative it says it asks for, to the last bit."""
    answer = probe.ask(job(op, mode, order, dtype))
    assert "values" in answer, answer
    n = len(POINTS[op])
    pairs = [(i, 0) for i in range(n)] if order == 1 else [(i, j) for i in range(n) for j in range(n)]
    assert len(answer["values"]) == len(pairs)
    asks = str(MODES[mode].asks[order - 1])
    for place, ((i, j), record) in enumerate(zip(pairs, answer["values"], strict=True)):
        derivative = np.array((FIRST if order == 1 else SECOND)[op][i if order == 1 else i * n + j])
        expected = SCALES[asks, order](i, j) * derivative
        if record is None:
            assert not derivative.any(), f"entry {place} is None"
            continue
        assert record["dtype"] == dtype
        shape = np.diag(expected) if asks == "jacobian" else expected
        assert np.array_equal(numbers(record), shape), f"entry {place}"


def test_none_stays_none(probe: Probe) -> None:
    """A source that the target does not depend on is None, not zero."""
    for mode, order in [("tape", 1), ("persistent", 2), ("nested", 2), ("function", 1), ("jacobian", 2)]:
        assert probe.ask(job("constant", mode, order))["values"] == [None], mode


def test_indexed_slices_become_a_tensor(probe: Probe) -> None:
    """A sparse gradient is asked for its dense values."""
    answer = probe.ask(job("scatters", "tape"))
    assert numbers(answer["values"][0]).tolist() == [2.5, 3.0, 0.0]


@pytest.mark.parametrize(
    ("change", "raised"),
    [
        ({"op": "raises"}, "KeyError: 'the first line\\nand a second'"),
        ({"op": "nonsense"}, "LookupError: there is no op 'nonsense'"),
        ({"mode": "nonsense"}, "LookupError: there is no mode 'nonsense'"),
        ({"order": 2}, "ValueError: mode tape has no order 2"),
        ({"primals": [{"shape": [3]}]}, "ValueError: A tensor record lacks 'dtype'."),
        ({"primals": None}, "TypeError: 'NoneType' object is not iterable"),
    ],
)
def test_what_is_raised_is_an_answer(probe: Probe, change: dict[str, Any], raised: str) -> None:
    """An exception costs one answer, and the probe goes on."""
    assert probe.ask({**job("cube", "tape"), **change})["raised"] == raised
    assert "values" in probe.ask(job("cube", "tape"))


def test_a_broken_line_is_an_answer(probe: Probe) -> None:
    """A line that is no JSON costs one answer, and the probe goes on."""
    process = probe._running()
    assert process.popen.stdin is not None
    process.popen.stdin.write("{ broken\n")
    process.popen.stdin.flush()
    answer = process.receive(10.0)
    assert answer is not None and answer["raised"].startswith("ValueError: This line is not JSON")


def test_noise_on_stdout_is_no_answer(probe: Probe) -> None:
    """What a function prints lands on stderr."""
    answer = probe.ask(job("shouts", "tape"))
    assert numbers(answer["values"][0]).tolist() == (2 * C * X).tolist()


def test_answers_keep_the_order_of_the_jobs(probe: Probe) -> None:
    """Many jobs on their way at a time come back in order, and a second block builds nothing anew."""
    jobs = [{**job("cube", mode), "id": f"{turn} {mode}"} for turn in "ab" for mode in ("tape", "xla")]
    answers = list(probe.ask_all(jobs * 3))
    assert [answer["id"] for answer in answers] == [each["id"] for each in jobs * 3]


def test_a_second_block_is_not_traced_again(probe: Probe) -> None:
    """The same question at other points takes the function that is there."""
    asked = [probe.ask(job("power", "xla", 2, primals=job("product", "tape")["primals"],
                           tangents=job("product", "tape")["tangents"])) for _ in range(3)]  # fmt: skip
    assert min(answer["seconds"] for answer in asked[1:]) < asked[0]["seconds"] / 3


# The trace


def traced(probe: Probe, op: str, mode: str, order: int = 1, dtype: str = "float32") -> dict[str, Any]:
    """An answer with its trace, after what holds for every trace."""
    answer = probe.ask(job(op, mode, order, dtype, trace=True))
    assert "values" in answer, answer
    trace = answer["trace"]
    known = set(trace["tensors"])
    made: set[str] = set()
    outputs = {tid for node in trace["nodes"] for tid in node["outputs"]}
    for node in trace["nodes"]:
        assert set(node["inputs"]) | set(node["outputs"]) <= known
        assert not (set(node["inputs"]) & outputs) - made, "a kernel runs before its inputs exist"
        made.update(node["outputs"])
    results = [None if tid is None else trace["tensors"][tid] for tid in trace["results"]]
    assert results == answer["values"]
    assert [trace["tensors"][tid] for tid in trace["primals"]] == job(op, mode, order, dtype)["primals"]
    return dict(trace)


def kernels(trace: dict[str, Any]) -> list[str]:
    """The kernels' names, without those that only pass a tensor on."""
    return [node["op"] for node in trace["nodes"] if node["op"] != "Identity"]


@pytest.mark.parametrize("mode", ["tape", "watched", "variable", "manual_watch", "function", "around"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16", "float64"])
def test_tanh_is_two_kernels(probe: Probe, mode: str, dtype: str) -> None:
    """However the tape is asked, tanh's gradient is Tanh and TanhGrad, applied to the primal."""
    trace = traced(probe, "tanh", mode, dtype=dtype)
    assert kernels(trace) == ["Tanh", "TanhGrad"] and trace["agrees"]
    first = next(node for node in trace["nodes"] if node["op"] == "Tanh")
    assert first["inputs"] == trace["primals"]
    assert first["attrs"] == {"T": dtype}


def test_forward_mode_is_flattened(probe: Probe) -> None:
    """The call that computes the JVP is replaced by the kernels of its body, fed by the tangent."""
    trace = traced(probe, "tanh", "forward")
    assert "Tanh" in kernels(trace) and "TanhGrad" in kernels(trace)
    assert not [name for name in kernels(trace) if name.startswith("__")]
    assert any(set(trace["tangents"]) & set(node["inputs"]) for node in trace["nodes"])


@pytest.mark.parametrize(
    ("op", "mode", "order"),
    [*(("tanh", *each) for each in QUESTIONS), ("power", "jacobian", 1), ("power", "nested", 2)],
)
def test_every_trace_is_whole(probe: Probe, op: str, mode: str, order: int) -> None:
    """In every mode kernels come after their inputs, the results are among the tensors, all is flattened."""
    POINTS["power"] = [[0.5, 0.75, 0.25], Y]
    if mode == "xla":
        assert probe.ask(job(op, mode, order, trace=True))["trace_reason"] == "XLA fuses its kernels"
        return
    trace = traced(probe, op, mode, order)
    assert not [name for name in kernels(trace) if name.startswith("__") or name.endswith("PartitionedCall")]
    assert trace["agrees"] == ("Returned" not in kernels(trace))


def test_control_flow_is_flattened(probe: Probe) -> None:
    """Branches and loops inside a function leave only the kernels that ran."""
    POINTS["branches"] = [[4.0, 1.0, 0.5]]
    trace = traced(probe, "branches", "function")
    assert kernels(trace).count("Mul") >= 3
    assert not {"While", "StatelessWhile", "If", "StatelessIf"} & set(kernels(trace))


# Death


def test_a_death_costs_one_answer() -> None:
    """A signal, an exit and a hang each name their own job; the others are answered in order.

    The last jobs are larger than a pipe, and waiting behind the hang they must not stop its clock.
    """
    large = wire.pack(np.ones(100_000), "float32")
    jobs = [job(op, "tape") for op in ("cube", "aborts", "tanh", "leaves", "sleeps")]
    jobs += [job("cube", "tape", primals=[large], cotangent=large, tangents=[large])] * 3
    with Probe(catalogue="odd_ops", env=HERE, timeout=3.0) as probe:
        answers = list(probe.ask_all(jobs))
        assert probe.restarts == 3
    assert [answer["id"] for answer in answers] == [each["id"] for each in jobs]
    assert ["values" in answer for answer in answers] == [True, False, True, False, False, True, True, True]
    assert answers[1]["crashed"].startswith("signal 6")
    assert answers[3]["crashed"] == "exit code 7: no more of this"
    assert answers[4]["crashed"] == "hang after 3 s"


def test_a_worn_process_is_replaced_and_faults_can_be_planted() -> None:
    """After a number of jobs a fresh process goes on, with the same plant."""
    with Probe(catalogue="odd_ops", plant="odd_ops:plant", env=HERE, restart_after=2) as probe:
        answers = list(probe.ask_all([{**job("tanh", "tape"), "id": number} for number in range(3)]))
        assert probe.restarts == 1
    assert [answer["id"] for answer in answers] == [0, 1, 2]
    assert np.allclose(numbers(answers[2]["values"][0]), 2 * C * (1 - np.tanh(X) ** 2))


def test_no_tensorflow_is_one_sentence(tmp_path: Path) -> None:
    """A missing TensorFlow and a missing interpreter are said in one sentence."""
    (tmp_path / "tensorflow.py").write_text("raise ImportError('no libtensorflow here')\n")
    with pytest.raises(ProbeUnavailable) as broken:
        Probe(env={"PYTHONPATH": str(tmp_path)}).ask(job("cube", "tape"))
    said = "The probe cannot be asked: TensorFlow cannot be imported: ImportError: no libtensorflow here. "
    assert str(broken.value).startswith(said + "`pip install")
    with pytest.raises(ProbeUnavailable, match=r"^The probe cannot be started: .*No such file"):
        Probe(python=str(tmp_path / "python")).ask(job("cube", "tape"))
