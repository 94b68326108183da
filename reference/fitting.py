"""Least squares in TensorFlow: a model as a tree in, the tape's derivatives of its residuals out. It never judges.

    python -m reference.fitting [--plant MODULE:FUNCTION]

Job lines in, answer lines out, as with the probe. A job has the trees `model` and `response`, a scalar record for each
of the `parameters` and a vector record for each of the `columns`, both by name; `wants` names what to compute.
"""

import sys
from typing import Any, List

from reference import probe, trace, wire
from reference.expression import floats, walk


class Fitter(probe.Desk):
    """Answers questions about models; the catalogue's functions are not asked for."""

    def asked(self, job: wire.Record) -> wire.Record:
        """Everything wanted of one model at one point, each with the trace of the kernels that computed it."""
        tf = self.tf
        parameters = {name: probe.tensor(tf, record) for name, record in job["parameters"].items()}
        columns = {name: probe.tensor(tf, record) for name, record in job["columns"].items()}
        model, response = job["model"], job["response"]

        def residuals(*at: Any) -> Any:
            values = dict(columns, **dict(zip(parameters, at)))
            return walk(model, floats(tf.math), values) - walk(response, floats(tf.math), values)

        answer = {}
        for name in job["wants"]:
            answer[name] = computed(tf, QUESTIONS[name], residuals, list(parameters.values()), list(columns.values()))
        return answer


def computed(tf: Any, question: Any, residuals: Any, parameters: List[Any], columns: List[Any]) -> wire.Record:
    """One question's answer, a list of tensors, with its trace."""

    def ask(xs: List[Any], c: Any, hs: List[Any]) -> List[Any]:
        return [None if y is None else tf.convert_to_tensor(y) for y in question(tf, residuals, parameters)]

    xs = parameters + columns
    answer = {"values": probe.values(ask(xs, None, []))}
    try:
        return dict(answer, trace=trace.record(tf, ask, xs, None, []))
    except (ImportError, NotImplementedError) as error:  # up to TensorFlow 2.0 nobody is told which kernels run
        return dict(answer, trace=None, trace_reason=probe.first_line(error))


def squares(tf: Any, residuals: Any, b: List[Any]) -> List[Any]:
    """The residual sum of squares."""
    return [tf.reduce_sum(tf.square(residuals(*b)))]


def gradient(tf: Any, residuals: Any, b: List[Any]) -> List[Any]:
    """The tape's gradient of the residual sum of squares by each parameter."""
    with tf.GradientTape() as tape:
        tape.watch(b)
        loss = tf.reduce_sum(tf.square(residuals(*b)))
    return tape.gradient(loss, b)


def hessian(tf: Any, residuals: Any, b: List[Any]) -> List[Any]:
    """All second derivatives of the residual sum of squares, row by row: a tape around the tape."""
    with tf.GradientTape(persistent=True) as outer:
        outer.watch(b)
        slopes = gradient(tf, residuals, b)
    rows = [[None] * len(b) if slope is None else outer.gradient(slope, b) for slope in slopes]
    return [entry for row in rows for entry in row]


def jacobian(tf: Any, residuals: Any, b: List[Any]) -> List[Any]:
    """The tape's Jacobian of the residuals: one column per parameter."""
    with tf.GradientTape() as tape:
        tape.watch(b)
        r = residuals(*b)
    return tape.jacobian(r, b)


QUESTIONS = {"squares": squares, "gradient": gradient, "hessian": hessian, "jacobian": jacobian}


if __name__ == "__main__":
    sys.exit(probe.main(sys.argv[1:], Fitter))
