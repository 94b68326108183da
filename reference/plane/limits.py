"""Known defects of TensorFlow at complex arguments, as rows."""
from __future__ import annotations
from typing import Any, NamedTuple
import numpy as np


class Blame(NamedTuple):
    kernel: str
    inputs: tuple
    got: complex
    exact: Any


def blamed(audits, place):
    for a in audits:
        kept = np.broadcast_to(a.kept, np.shape(a.kept))
        if kept.shape and not kept[place]:
            pick = lambda x: complex(x[place]) if np.ndim(x) else (complex(x) if np.size(x)==1 and np.asarray(x).dtype!=object else 0)
            return Blame(a.kernel, tuple(pick(x) for x in a.inputs if np.ndim(x)==0 or len(x)>place), complex(a.got[place]), a.exact[place])
    return None


def named(verdict, k, blame):
    return None
