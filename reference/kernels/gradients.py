"""Kernels that exist for gradients: formulas in the forward kernel's input or output, computed step by step."""

from __future__ import annotations

from reference.balls import zeros
from reference.kernels.functions import SCALE, SCALE_ALPHA
from reference.kernels.table import EXACTLY, ROUNDS, STEPWISE, Kernel

GRADIENTS = [
    Kernel("TanhGrad", lambda B, y, g: g * (1 - y * y), STEPWISE),
    Kernel("SigmoidGrad", lambda B, y, g: g * y * (1 - y), STEPWISE),
    Kernel("SqrtGrad", lambda B, y, g: g * 0.5 / y, STEPWISE),
    Kernel("RsqrtGrad", lambda B, y, g: g * y * -0.5 * (y * y), STEPWISE),
    Kernel("ReciprocalGrad", lambda B, y, g: y * y * -g, STEPWISE),
    Kernel("InvGrad", lambda B, y, g: y * y * -g, STEPWISE),
    Kernel("ReluGrad", lambda B, g, x: B.where(B.greater(x, zeros(x)), g, zeros(g)), EXACTLY),
    Kernel("Relu6Grad", lambda B, g, x: B.where(inside(B, x, 0, 6), g, zeros(g)), EXACTLY),
    Kernel(
        "LeakyReluGrad",
        lambda B, g, x, alpha: B.where(B.greater(x, zeros(x)), g, alpha * g),
        ROUNDS,
        ("alpha",),
    ),
    Kernel("EluGrad", lambda B, g, y: B.where(B.less(y, zeros(y)), (y + 1) * g, g), STEPWISE),
    Kernel(
        "SeluGrad",
        lambda B, g, y: B.where(B.less(y, zeros(y)), g * (y + B.literal(SCALE_ALPHA)), g * B.literal(SCALE)),
        STEPWISE,
    ),
    Kernel("SoftplusGrad", lambda B, g, x: g / (B.exp(-x) + 1), STEPWISE),
    Kernel("SoftsignGrad", lambda B, g, x: g / ((1 + B.absolute(x)) * (1 + B.absolute(x))), STEPWISE),
]


def inside(B, x, low, high):
    """Strictly between two constants."""
    return B.logical_and(B.greater(x, zeros(x) + low), B.less(x, zeros(x) + high))
