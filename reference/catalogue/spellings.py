"""A catalogue for the probe: the rows, and every spelling of every row as a row "tanh as tf.keras.ops.tanh"."""

from functools import partial
from typing import Any, Dict

from reference.catalogue import OPS as ROWS
from reference.catalogue.inventory import SPELLINGS, dotted
from reference.op import Op


def resolved(tf: Any, name: str) -> Any:
    """What a dotted name below `tf` means."""
    found = tf
    for part in name.split(".")[1:]:
        found = getattr(found, part)
    return found


def called(call: Any, name: str, tf: Any, *x: Any) -> Any:
    """The function of this name, called as the row's inputs are meant; TypeError where it answers in another dtype."""
    return kept(call(tf, resolved(tf, name), *x), *x)


def kept(y: Any, *x: Any) -> Any:
    """The answer, if it has the dtype of the inputs."""
    if y.dtype != x[0].dtype:
        raise TypeError("the answer is {} where the inputs are {}".format(y.dtype.name, x[0].dtype.name))
    return y


def spelt(row: str, name: str) -> str:
    """What a spelling of a row is called."""
    return row + " as " + name


def collected() -> Dict[str, Op]:
    """All spellings that a TensorFlow may have, of the rows that there are."""
    found = {}
    for spelling in SPELLINGS:
        for name in (name for word in spelling.names.split() for name in dotted(word)):
            row = ROWS.get(spelling.row)
            if row is not None:
                spelled = spelt(row.name, name)
                found[spelled] = row._replace(name=spelled, tf=partial(called, spelling.call, name))
    return found


OPS = dict(ROWS, **collected())
