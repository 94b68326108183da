"""Minimisation in TensorFlow, step by step: an optimizer's states out, every float of them. It never judges.

    python -m reference.minimising [--plant MODULE:FUNCTION]

Job lines in, answer lines out, as with the probe. A job names an `optimizer` of `tf.keras.optimizers` with `options`,
or one of the `KERNELS` that Keras called up to TensorFlow 2.10; `loss` is a tree over x (`expression.py`), `start` the
record of x, `steps` how many there are.
"""

import sys
from typing import Any, Dict, List

from reference import probe, trace, wire
from reference.expression import floats, walk


class Minimiser(probe.Desk):
    """Answers jobs with the states of whole runs; the catalogue's functions are not asked for."""

    def asked(self, job: wire.Record) -> wire.Record:
        """Every step: the state before it, the gradient, the state after it."""
        tf, loss = self.tf, job["loss"]
        x = tf.Variable(probe.tensor(tf, job["start"]))

        def slope() -> Any:
            with tf.GradientTape() as tape:
                value = tf.reduce_sum(walk(loss, floats(tf.math), {"x": x}))
            return tape.gradient(value, x)

        make = Kernel if job["optimizer"] in KERNELS else Keras
        optimizer = make(tf, job["optimizer"], job["options"], x)
        states, gradients = [record([x] + optimizer.slots())], []
        for t in range(1, int(job["steps"]) + 1):
            g = slope()
            optimizer.step(t, x, g)
            gradients.append(trace.packed(g))
            states.append(record([x] + optimizer.slots()))
        return {"states": states, "gradients": gradients}


def record(variables: List[Any]) -> List[wire.Record]:
    """The values of variables at this moment."""
    return [trace.packed(variable) for variable in variables]


class Keras:
    """An optimizer of `tf.keras.optimizers`."""

    def __init__(self, tf: Any, name: str, options: Dict[str, Any], x: Any) -> None:
        self.tf = tf
        self.x = x
        self.optimizer = getattr(tf.keras.optimizers, name)(**options)
        if hasattr(self.optimizer, "build"):
            self.optimizer.build([x])
        else:  # up to TensorFlow 2.10 slots were made by the first step
            self.optimizer._create_hypers()
            self.optimizer._create_slots([x])

    def slots(self) -> List[Any]:
        """The optimizer's variables that belong to x, in its own order; not its counter nor its rate."""
        held = self.optimizer.variables
        held = held() if callable(held) else held
        held = [getattr(variable, "value", variable) for variable in held if variable.shape == self.x.shape]
        return [each() if callable(each) else each for each in held]

    def step(self, t: int, x: Any, g: Any) -> None:
        """One update."""
        self.optimizer.apply_gradients([(g, x)])


class Kernel:
    """One of TensorFlow's own training kernels, called as Keras called it."""

    def __init__(self, tf: Any, name: str, options: Dict[str, Any], x: Any) -> None:
        self.tf = tf
        self.call, names = KERNELS[name]
        self.options = options
        self.held = [tf.Variable(tf.fill(x.shape, tf.constant(start, x.dtype))) for start in names]

    def slots(self) -> List[Any]:
        """The kernel's state."""
        return self.held

    def step(self, t: int, x: Any, g: Any) -> None:
        """One update."""
        options = {key: self.tf.constant(value, x.dtype) for key, value in self.options.items()}
        count = self.tf.constant(t, x.dtype)
        self.call(self.tf, options, count, x.handle, [slot.handle for slot in self.held], g)


def adam(tf: Any, o: Dict[str, Any], t: Any, x: Any, slots: List[Any], g: Any) -> None:
    tf.raw_ops.ResourceApplyAdam(
        var=x, m=slots[0], v=slots[1], grad=g, lr=o["rate"], beta1=o["beta1"], beta2=o["beta2"], epsilon=o["epsilon"],
        beta1_power=tf.pow(o["beta1"], t), beta2_power=tf.pow(o["beta2"], t), use_locking=True,
    )  # fmt: skip


def rmsprop(tf: Any, o: Dict[str, Any], t: Any, x: Any, slots: List[Any], g: Any) -> None:
    tf.raw_ops.ResourceApplyRMSProp(
        var=x, ms=slots[0], mom=slots[1], grad=g, lr=o["rate"], rho=o["rho"], momentum=o["momentum"],
        epsilon=o["epsilon"], use_locking=True,
    )  # fmt: skip


def adagrad(tf: Any, o: Dict[str, Any], t: Any, x: Any, slots: List[Any], g: Any) -> None:
    tf.raw_ops.ResourceApplyAdagradV2(
        var=x, accum=slots[0], grad=g, lr=o["rate"], epsilon=o["epsilon"], use_locking=True
    )


def momentum(look_ahead: bool) -> Any:
    """SGD with momentum, with or without Nesterov's look-ahead."""

    def apply(tf: Any, o: Dict[str, Any], t: Any, x: Any, slots: List[Any], g: Any) -> None:
        tf.raw_ops.ResourceApplyKerasMomentum(
            var=x, accum=slots[0], grad=g, lr=o["rate"], momentum=o["momentum"], use_nesterov=look_ahead,
            use_locking=True,
        )  # fmt: skip

    return apply


#: By the rule's name: the call, and what its slots hold at the start.
KERNELS = {
    "adam kernel": (adam, (0.0, 0.0)),
    "rmsprop kernel": (rmsprop, (0.0, 0.0)),
    "adagrad kernel": (adagrad, (0.1,)),
    "sgd momentum kernel": (momentum(False), (0.0,)),
    "sgd nesterov kernel": (momentum(True), (0.0,)),
}


if __name__ == "__main__":
    sys.exit(probe.main(sys.argv[1:], Minimiser))
