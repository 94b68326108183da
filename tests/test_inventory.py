"""Is every differentiable function of TensorFlow a row, or is there a reason why not? The walk itself is tried too."""

import textwrap
from pathlib import Path

import pytest

from reference import inventory as table
from reference.catalogue.inventory import NAMESPACES, REASONS, SPELLINGS, UNCALLED, Reason, Spelling, words
from reference.inventory import Inventory, figures, outdated, report, rowless, unexplained, walked
from tests.planted_functions import PLANTED


def told(inventory: Inventory, complaints: list[str]) -> None:
    """The complaints fail the version that the table is written for; of any other version they are told."""
    text = "\n".join(complaints)
    assert not complaints or not inventory.due, text
    print(text)


def test_every_differentiable_function_has_a_row_or_a_reason(inventory: Inventory) -> None:
    """And what cannot be called has a reason for that."""
    told(inventory, list(unexplained(inventory)))


def test_the_table_is_up_to_date(inventory: Inventory) -> None:
    """Every name in it exists and is differentiable; what is listed as not callable is not."""
    told(inventory, list(outdated(inventory)))


def test_the_table_names_rows_that_exist() -> None:
    """A spelling is one of a row."""
    assert rowless() == []


def test_a_name_is_a_row_or_has_a_reason_and_not_both() -> None:
    """Every word stands once in the reasons, and in no other part."""
    reasons, uncalled, spelled = words(REASONS), words(UNCALLED), set(words(SPELLINGS))
    assert len({*reasons, *uncalled}) == len(reasons) + len(uncalled)
    assert spelled.isdisjoint(reasons) and spelled.isdisjoint(uncalled)


def test_the_walk_comes_everywhere(inventory: Inventory) -> None:
    """Every namespace has functions, and the figures add up."""
    spaces = {name.rpartition(".")[0] for name in inventory.found}
    told(inventory, [f"nothing in {space}" for space in NAMESPACES if space not in spaces])
    counts = figures(inventory)
    print(report(inventory))
    assert counts["differentiable"] == counts["with rows"] + counts["with reasons"] > 300
    parts = ("elementwise", "of arrays", "without a gradient", "with none registered")
    assert counts["differentiable"] == sum(counts[part] for part in parts)


@pytest.mark.parametrize(
    "name, gradient, kind",
    [
        ("tf.math.tanh", "some", "elementwise"),
        ("tf.math.atan2", "some", "elementwise"),
        ("tf.math.betainc", "some", "elementwise"),
        ("tf.nn.softmax", "some", "array"),
        ("tf.math.cumsum", "some", "array"),
        ("tf.sort", "some", "array"),
        ("tf.transpose", "some", "array"),
        ("tf.reduce_max", "some", "array"),
        ("tf.matmul", "some", "array"),
        ("tf.nn.conv2d", "some", "array"),
        ("tf.math.floor", "none", None),
        ("tf.truncatemod", "unregistered", None),
        ("tf.argmax", "unlike", None),
        ("tf.zeros_like", "unlike", None),
        ("tf.executing_eagerly", "uncalled", None),
    ],
)
def test_the_walk_tells_kinds_apart(inventory: Inventory, name: str, gradient: str, kind: str | None) -> None:
    """What moves or mixes elements is no elementwise function, and a step is not one without floats."""
    found = inventory.found.get(name, {})
    said = found.get("gradient"), found.get("kind")
    told(inventory, [f"{name}: {said}"] if said != (gradient, kind) else [])


# The plants


def test_another_version_is_told_what_the_table_s_own_fails(
    inventory: Inventory, capsys: pytest.CaptureFixture[str]
) -> None:
    """Names come and go between versions: only the one that the table is written for is held to it."""
    told(inventory._replace(version="2.99.0"), ["tf.gone does not exist"])
    assert "tf.gone does not exist" in capsys.readouterr().out
    with pytest.raises(AssertionError, match="tf.gone does not exist"):
        told(inventory._replace(version="2.21.3"), ["tf.gone does not exist"])


def test_a_new_function_is_noticed(planted: Inventory) -> None:
    """A function that was put into a namespace is owed a row or a reason."""
    said = set(unexplained(planted))
    assert said >= set(PLANTED.values())
    assert not planted.due or said == set(PLANTED.values())


@pytest.mark.parametrize(
    "part, row, said",
    [
        ("SPELLINGS", Spelling("tanh", "hyperbolic_tangent"), "hyperbolic_tangent does not exist"),
        ("SPELLINGS", Spelling("tanh", "tf.nn.cosh"), "tf.nn.cosh does not exist"),
        ("SPELLINGS", Spelling("tanh", "argmax"), "argmax is not differentiable: its entry can be deleted"),
        ("REASONS", Reason("moves", "zeros_like"), "zeros_like is not differentiable: its entry can be deleted"),
        ("UNCALLED", Reason("words", "tanh"), "tanh can be called: its entry can be deleted"),
    ],
)
def test_a_stale_entry_is_noticed(
    inventory: Inventory, monkeypatch: pytest.MonkeyPatch, part: str, row: Spelling | Reason, said: str
) -> None:
    """A name that is gone, without a derivative, or callable after all can be deleted from the table."""
    monkeypatch.setattr(table, part, (*getattr(table, part), row))
    assert said in list(outdated(inventory))


def test_a_missing_entry_is_noticed(inventory: Inventory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its entry a function is owed one, under each of its names."""
    monkeypatch.setattr(table, "SPELLINGS", tuple(s for s in SPELLINGS if s.row != "atanh"))
    assert "tf.math.atanh (elementwise) has neither a row nor a reason" in list(unexplained(inventory))
    monkeypatch.setattr(table, "SPELLINGS", (Spelling("no_such_row", "tanh"),))
    assert rowless() == ["no_such_row"]


MOCK = """
    import os, time
    __version__ = "2.21.9"

    class space:
        pass

    version, math = space(), space()
    version.GIT_VERSION = version.COMPILER_VERSION = ""
    math.answers = lambda *x: ()
    math.dies = lambda *x: os.abort()
    math.hangs = lambda *x: time.sleep(60)
    math.raises = lambda *x: 1 // 0

    class GradientTape:
        __enter__ = lambda self: self
        __exit__ = watch = gradient = lambda self, *_, **__: None

    class nest:
        flatten = staticmethod(lambda answer, expand_composites: answer)

    executing_eagerly = lambda: True
    constant = lambda value, dtype: value
    ones = cast = lambda *_: 1
"""


def test_a_call_that_dies_or_hangs_is_named_and_the_walk_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each costs its own function's answer and no other."""
    (tmp_path / "tensorflow.py").write_text(textwrap.dedent(MOCK))
    monkeypatch.setattr(table, "PATIENCE", 1.0)
    found = walked(env={"PYTHONPATH": str(tmp_path)})
    assert found.due
    said = {name.rpartition(".")[2]: (answer["gradient"], answer.get("why")) for name, answer in found.found.items()}
    assert said["answers"] == ("unlike", None)
    assert said["dies"][0] == "crashed" and str(said["dies"][1]).startswith("signal 6")
    assert said["hangs"] == ("crashed", "hang after 1 s")
    assert said["raises"] == ("uncalled", "ZeroDivisionError: integer division or modulo by zero")
    assert "tf.math.dies cannot be called, and nothing says why: signal 6" in "\n".join(unexplained(found))
