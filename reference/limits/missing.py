"""Gradients that TensorFlow does not have: it raises, or says None."""

from __future__ import annotations

from reference.limits.form import FORWARD, Limit, anywhere

MISSING = (
    Limit(
        "no gradient of SoftsignGrad",
        ("softsign",),
        "raised:LookupError",
        (2,),
        anywhere,
        ("softsign", "nested", "float32", 2, 0.75),
        "Softsign's gradient is the kernel SoftsignGrad, for which no gradient is registered: every second "
        "derivative raises LookupError.",
    ),
    Limit(
        "no forward mode of Softsign",
        ("softsign",),
        "raised:LookupError",
        (1,),
        anywhere,
        ("softsign", "forward", "float32", 1, 0.75),
        "Forward mode differentiates the gradient function, and for the kernel SoftsignGrad in it no gradient is "
        "registered: LookupError at first order already.",
        modes=(*FORWARD, "around"),
    ),
    Limit(
        "no gradient of TruncateMod",
        ("truncatemod",),
        "raised:LookupError",
        (1, 2),
        anywhere,
        ("truncatemod", "tape", "float32", 1, 5.5, 2.0),
        "No gradient is registered for tf.truncatemod, although tf.math.floormod has one: LookupError.",
    ),
    Limit(
        "no second derivative of lgamma in float16",
        ("lgamma",),
        "raised:InvalidArgumentError,TypeError",
        (2,),
        anywhere,
        ("lgamma", "nested", "float16", 2, 1.5),
        "Lgamma and Digamma have float16 kernels but Polygamma and Zeta have not, so that the gradient's gradient "
        "is refused: InvalidArgumentError in reverse mode, TypeError in forward mode.",
        dtypes=("float16",),
    ),
    Limit(
        "XLA has no Bessel kernels",
        ("bessel_i0", "bessel_i1", "bessel_i1_over_x"),
        "raised:InvalidArgumentError",
        (1, 2),
        anywhere,
        ("bessel_i0", "xla", "float32", 1, 0.75),
        "XLA compiles BesselI0e and BesselI1e but neither BesselI0 nor BesselI1: InvalidArgumentError, unsupported "
        "operations in the graph.",
        modes=("xla",),
    ),
)
