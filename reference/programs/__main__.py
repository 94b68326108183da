"""The runner: asks one TensorFlow to run documented programs, and says every number of every step. It never judges.

    python -m reference.programs

Job lines in, {"id": 1, "program": "univariate_numpy", "setting": {"rate": 1e-05}}; answer lines out, floats as hex.
"""

import sys
from typing import Any, Dict, List, Optional

import numpy as np

from reference import probe, wire
from reference.programs import PROGRAMS


class Runner:
    """Runs programs; stands where the probe has its desk."""

    def __init__(self, tf: Any, _: Dict[str, Any]) -> None:
        self.tf = tf

    def answer(self, job: wire.Record) -> wire.Record:
        """The records of one program; whatever TensorFlow raises is an answer too."""
        try:
            program = probe.known(PROGRAMS, job["program"], "program")
            answer = {"steps": steps(program(self.tf, **job.get("setting", {})))}  # type: wire.Record
        except Exception as error:  # the accused may raise anything
            answer = {"raised": probe.first_line(error)}
        return dict(answer, id=job.get("id"))


def steps(records: Any) -> List[Dict[str, Optional[wire.Record]]]:
    """Every number of every record, as it lies in memory."""
    return [{name: packed(value) for name, value in sorted(record.items())} for record in records]


def packed(value: Any) -> Optional[wire.Record]:
    """A tensor, an array or a number as a record; None stays None."""
    if value is None:
        return None
    raw = np.asarray(value.numpy() if hasattr(value, "numpy") else value)
    return wire.pack_raw(raw, raw.dtype.name)


if __name__ == "__main__":
    sys.exit(probe.main(sys.argv[1:], Runner))
