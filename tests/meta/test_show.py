"""`show`: what was asked, what is exact, where digits go, and how to run it without this suite."""

import io
import json
import re
import shlex
import sys
from collections.abc import Callable
from typing import Any

import pytest

from reference import __main__ as command
from reference import show
from reference.alone import printed
from reference.ask import Probe

Run = Callable[..., tuple[int, str]]


class Lent:
    """A probe that `show` may use and not close; `lie` may change what it answers."""

    def __init__(self, probe: Probe, lie: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        self.probe, self.lie, self.hello = probe, lie, probe.hello

    def __enter__(self) -> "Lent":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def ask(self, job: dict[str, Any]) -> dict[str, Any]:
        return self.lie(self.probe.ask(job))


@pytest.fixture
def run(probe: Probe, monkeypatch: Any) -> Run:
    """Runs `show` on one probe for all tests, and gives the exit code and what stands on the screen."""

    def run(words: str, lie: Any = lambda answer: answer, columns: int = 100) -> tuple[int, str]:
        monkeypatch.setattr(show, "Probe", lambda: Lent(probe, lie))
        monkeypatch.setenv("COLUMNS", str(columns))
        screen = io.StringIO()
        monkeypatch.setattr(sys, "stdout", screen)
        code = command.main(["show", *shlex.split(words)])
        monkeypatch.undo()
        return code, screen.getvalue()

    return run


def squeezed(text: str) -> str:
    """The text with every run of blanks as one."""
    return re.sub(r"\s+", " ", text)


SCREENS = {
    "tanh --at 3 --mode tape --dtype float32": [
        "tanh · first derivative · float32 · mode tape · TensorFlow",
        "f(x) tanh(x) f′(x) 1 - tanh(x)**2",
        "primal x = 3 0x1.8p+1 cotangent c = 0.75 0x1.8p-1",
        "1 t1 = Tanh(x) 0.995054",
        "2 t2 = TanhGrad(t1, c) 0.0073995",
        "bits of accuracy are lost in t2 = TanhGrad(t1, c): inputs 0.",
        "exact 0.0073995278740801434548671… rounds to 0.00739952782 0x1.e4ef7ap-8",
        "formula Without rounding, what TensorFlow ran is the exact derivative.",
        "value TensorFlow's formula promises 12 of 24 bits, 3.7 decimal digits",
        "and its number lies inside.",
        "kernel Every kernel keeps its contract; the farthest is TanhGrad",
        "verdict right",
        "again python -m reference show tanh --at 0x1.8p+1 --mode tape --dtype float32 --order 1",
    ],
    "tanh --at 10": ["exact 6.18346084", "TensorFlow 0 ", "promises none of its 24 bits", "verdict lost"],
    "tanh --at 3 --order 2": ["f″(x) -(2 - 2*tanh(x)**2)*tanh(x)", "tangent h =", "asked c · h · f″(x)"],
    "tanh --at 3 --mode tape --order 2": ["The mode tape has no order 2: asked is nested, two tapes"],
    "tanh --at 0.1": ["0.1 is no float32: it is rounded to 0.10000000149011611938 (0x1.99999ap-4)."],
    "tanh --at 3 --cotangent -0.1": ["-0.1 is no float32", "--cotangent=-0x1.99999ap-4"],
    "tanh --at 3 --mode xla": ["What TensorFlow ran in mode tape, which asks for the same"],
    "tanh --at -inf": ["primal x = -inf -inf"],
    "sinc --at 0": ["TensorFlow nan", "verdict known sinc is NaN at 0"],
    "softsign --at 0.75 --order 2": ["TensorFlow LookupError: ", "TensorFlow gave no number", "known"],
    "erfinv --order 2 --at 0x1p-30": ["t1 = Erfinv(x) left its contract", "kernel Erfinv left its"],
    "maximum --at 1 1": ["⎧a for a ≥ b", "c · ∂f/∂a 0.75 or 0 0.75", "c · ∂f/∂b 0 or 0.75 0", "lies among"],
    "relu --at -0": ["kink at 0", "exact 0 rounds to 0", "or 0.75 rounds to 0.75"],
    "pow --at 1.5,2 --order 2": ["∂²f/∂a∂b", "c · h_a · ∂²f/∂a∂b", "h_b = ", "constants", "repeated"],
    "gelu --at 1.5 --dtype float64": ["The literal 0.70710677 (float32) is right to within half a unit", "Cast"],
    "floor --at 0.5": ["f(x) floor(x)", "TensorFlow None", "None for a derivative that is zero everywhere"],
    "matmul": ["b 3×2: tf.linalg.matmul(a, b)", "MatMul(c, b, transpose_b)", "∂L/∂a[0,0]", "matmul --case 0"],
    "selu --at -1": ["1.7580993408473768599402175208123"],
}  # fmt: skip


@pytest.mark.parametrize("words", SCREENS)
def test_the_screen_tells_the_whole_story(words: str, run: Run) -> None:
    """From the function to the verdict, each part says what it should."""
    code, screen = run(words)
    told = squeezed(screen)
    for fragment in SCREENS[words]:
        assert fragment in told, screen
    assert code == 0


@pytest.mark.parametrize(
    "words", ["tanh --at 3 --order 2", "gelu --at 1.5 --dtype float64", "pow --at 1.5,2 --order 2"]
)
@pytest.mark.parametrize("columns", [80, 100])
def test_the_screen_fits(words: str, columns: int, run: Run) -> None:
    """Nothing is wider than the terminal, but for the command that is there to be copied."""
    _, screen = run(words, columns=columns)
    wide = [line for line in screen.splitlines() if len(line.rstrip()) > columns and not line.startswith("again")]
    assert not wide
    assert "\x1b" not in screen  # no colours where nobody sees them


def test_all_kernels_are_shown_on_demand(run: Run) -> None:
    """Bookkeeping is counted in one line, and shown with --all."""
    assert " Shape(" not in run("maximum --at 1 2")[1] and "for shapes" in run("maximum --at 1 2")[1]
    everything = run("maximum --at 1 2 --all")[1]
    assert "Shape(" in everything and "BroadcastGradientArgs(" in everything and "left out" not in everything


@pytest.mark.parametrize(
    "words",
    [
        "pow --at=-0x0p+0,2 --order 2",
        "tanh --at 3 --cotangent 5 --tangent 7 --order 2",
        "matmul --case 2",
        "matvec --at 1,2,3,4,5,6,7,8,9",
    ],
)  # fmt: skip
def test_the_last_line_shows_the_same_again(words: str, run: Run) -> None:
    """What `again` prints is the command for this very screen."""
    _, screen = run(words)
    again = screen.splitlines()[-1]
    assert again.startswith("again    python -m reference show ")
    assert run(again.partition(" show ")[2])[1].split("primal")[1:] == screen.split("primal")[1:]


def test_json_says_the_same_in_hexadecimal(run: Run) -> None:
    """Machines get every float as hex, and the exact value with its rounding."""
    code, text = run("tanh --at 3 --json")
    record = json.loads(text)
    assert code == 0 and record["derivatives"] == {"f′(x)": "1 - tanh(x)**2"}
    assert record["inputs"][0] == {"kind": "primal", "name": "x", "values": [(3.0).hex()]}
    (answer,) = record["answers"]
    assert answer["exact"][0][0] == {
        "decimal": "0.0073995278740801434548671",
        "rounded": "0x1.e4ef7a0000000p-8",
    }
    assert abs(float.fromhex(answer["got"][0]) - 0.0074) < 1e-4 and answer["status"] == ["right"]
    assert [step["step"] for step in record["steps"]] == ["t1 = Tanh(x)", "t2 = TanhGrad(t1, c)"]
    assert all(float.fromhex(step["got"][0]) and step["kept"] for step in record["steps"])


# -- answers that are not right -----------------------------------------------------------------------------


def doubled(answer: dict[str, Any]) -> dict[str, Any]:
    """A number that is wrong by a factor of two."""
    (record,) = answer["values"]
    return {**answer, "values": [{**record, "hex": [(2 * float.fromhex(h)).hex() for h in record["hex"]]}]}


LIES = {
    "value": (doubled, "verdict wrong The number lies outside what that formula's kernels may return."),
    "none": (lambda a: {**a, "values": [None]}, "verdict missing TensorFlow says None where"),
    "error": (lambda a: {"id": a["id"], "raised": "ValueError: no"}, "TensorFlow ValueError: no"),
    "death": (lambda a: {"id": a["id"], "crashed": "signal 11"}, "verdict crashed TensorFlow did"),
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
def test_a_wrong_answer_is_a_finding(lie: str, run: Run) -> None:
    """A wrong number, None, an error and a crash each have their words, and exit code 1."""
    tamper, words = LIES[lie]
    code, screen = run("tanh --at 3 --copies 1", tamper)
    assert code == 1 and words in squeezed(screen), screen


def test_scalar_and_vector_code_are_both_asked(run: Run) -> None:
    """Where the number depends on the vector's length, both are named and the worse is shown."""

    def lengths(answer: dict[str, Any]) -> dict[str, Any]:
        return doubled(answer) if answer["values"][0]["shape"] == [1] else answer

    code, screen = run("tanh --at 3", lengths)
    assert code == 1 and "TensorFlow's scalar and vector code differ here" in screen and "alone; " in screen
    assert "asked 32 times" not in screen
    code, screen = run("tanh --at 3 --copies 32", lengths)
    assert code == 0 and "asked 32 times in one vector" in screen and "--copies 32" in screen


# -- the plain program --------------------------------------------------------------------------------------

PROGRAMS = [
    "tanh --at 3",
    "tanh --at 3 --dtype bfloat16 --mode xla --order 2",
    "pow --at 1.5 2.25 --mode forward --order 1",
    "pow --at 1.5 2.25 --mode nested --order 2 --dtype float64",
    "pow --at 1.5 2.25 --mode unknown_rank --order 2",
    "maximum --at -0 0 --mode forward_over_reverse --order 2",
    "gelu --at -inf --dtype float16 --mode variable",
    "floor --at 0.5",
    "softmax_cross_entropy --mode jacobian_loop",
    "matvec --mode reverse_over_forward --order 2",
]


def test_the_script_is_plain_tensorflow_and_prints_the_number_shown(run: Run) -> None:
    """At most 15 lines that import TensorFlow alone, and run where nobody knows this suite."""
    texts = [run(f"{words} --script")[1] for words in PROGRAMS]
    shown = [json.loads(run(f"{words} --json")[1]) for words in PROGRAMS]
    for text in texts:
        imports = re.findall(r"^\s*(?:import|from) .*", text, re.MULTILINE)
        assert len(text.splitlines()) <= 15 and imports == ["import tensorflow as tf"]
        assert "# exact: " in text and "reference" not in text
    for words, record, answer in zip(PROGRAMS, shown, printed(texts), strict=True):
        assert answer == [None if e["got"] is None else sorted(set(e["got"])) for e in record["answers"]], words


def test_a_known_program(run: Run) -> None:
    """The simplest one, to the letter but for the version and the number."""
    _, text = run("tanh --at 3 --copies 1 --script")
    assert re.sub(r"# TensorFlow .*", "# TensorFlow …", text) == (
        "import tensorflow as tf\n"
        "# exact: c · f′(x) = 0.007399527874080…, which rounds to 0x1.e4ef7ap-8\n"
        "# TensorFlow …\n"
        "xs = [x] = [tf.constant([3.0], dtype=tf.float32)]\n"
        "c = tf.constant([0.75], dtype=tf.float32)\n"
        "with tf.GradientTape() as tape:\n"
        "    tape.watch(xs)\n"
        "    y = tf.math.tanh(x)\n"
        "for g in tape.gradient(y, xs, output_gradients=c): print(None if g is None else "
        "[float(v).hex() for v in tf.convert_to_tensor(g).numpy().ravel()])\n"
    )
