"""The limits' counterexamples, asked again: a row that is no longer true is to be deleted."""

from __future__ import annotations

import numpy as np

from reference.catalogue import OPS
from reference.limits import Limit
from reference.modes import MODES
from reference.question import Question
from reference.trial import PLAIN, Trial, ask_at

MANY = 16  # so many copies of a point make TensorFlow's vectorised kernels run


def question_of(limit: Limit) -> Question:
    """The question that a limit's example is the answer to."""
    name, mode, dtype, order, *primals = limit.example
    op = OPS[name]
    if op.shapes is None:
        arrays = [np.full(MANY, float(x)) for x in primals]
    else:
        arrays = [np.reshape(np.array(x, dtype=float), shape) for x, shape in zip(primals, op.shapes, strict=True)]
    return ask_at(op, MODES[mode], dtype, order, arrays)


def can_show(trial: Trial, limit: Limit) -> bool:
    """Whether this machine has what the defect needs."""
    return not limit.needs or limit.needs in trial.probe.hello.get("cpu", {}).get("flags", ())


def holds(trial: Trial, limit: Limit) -> bool:
    """Whether TensorFlow is still wrong at the limit's example, in the way the limit says."""
    if not can_show(trial, limit):
        return True
    question = question_of(limit)
    verdicts = trial.verdicts(question)
    return any(o.limit == limit.name for v in verdicts for o in v.outcomes) or kernel_errs(trial, limit, question)


def kernel_errs(trial: Trial, limit: Limit, question: Question) -> bool:
    """Whether a limit's kernel leaves its contract on the way, though the derivative may not show it."""
    if not limit.who[0].startswith("[") or question.mode.name not in PLAIN.values():
        return False
    base, _ = trial.basis(question)
    return any(f"[{audit.kernel}]" in limit.who and not audit.kept.all() for audit in base.audits)
