"""What each kernel means on complex balls, and how far normwise it may be from that: one row per kernel.

Kernels that mean the same on real and on complex numbers have the meaning of `reference.kernels`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from reference.kernels import KERNELS
from reference.plane.balls import PRODUCT, PRODUCTS, QUOTIENT, SUM


class Contract(NamedTuple):
    """Units of |exact| · 2u, zero for what moves values only; `stepwise`: the formula, operation by operation.

    `growth`: (space, *inputs) -> how many times `ulp` more is allowed.
    """

    ulp: float = 0.0
    stepwise: bool = False
    keeps_zeros: bool = True  # arithmetic on numbers whose imaginary part is zero gives such a number
    real_ulp: float = 0.5  # the same kernel on real numbers
    flushes: int = 1  # so many numbers on the way to a part may be subnormal
    growth: Callable[..., Any] | None = None


EXACTLY = Contract()
STEPWISE = Contract(stepwise=True)
ELEMENTARY = Contract(4.0, keeps_zeros=False, real_ulp=4.0)

OWN: dict[str, Callable[..., Any]] = {
    "Conj": lambda B, z: B.conjugate(z),
    "Real": lambda B, z: B.real(z),
    "Imag": lambda B, z: B.imag(z),
    "Complex": lambda B, x, y: B.complex(x, y),
    "ComplexAbs": lambda B, z: B.modulus(z),
    "Angle": lambda B, z: B.angle(z),
    "Abs": lambda B, x: B.modulus(x),
    "Sqrt": lambda B, z: B.sqrt(z),
    "SqrtGrad": lambda B, y, g: g * 0.5 / B.conjugate(y),
    "RsqrtGrad": lambda B, y, g: g * B.conjugate(y) * -0.5 * (B.conjugate(y) * B.conjugate(y)),
    "ReciprocalGrad": lambda B, y, g: B.conjugate(y) * B.conjugate(y) * -g,
    "InvGrad": lambda B, y, g: B.conjugate(y) * B.conjugate(y) * -g,
    "SquaredDifference": lambda B, a, b: (a - b) * B.conjugate(a - b),
    "Cast": lambda B, z: z,
}


MOVES = (
    "Conj Real Imag Complex Neg Identity IdentityN ReadVariableOp PlaceholderWithDefault StopGradient PreventGradient"
    " Snapshot ZerosLike OnesLike Select SelectV2 Reshape BroadcastTo ExpandDims Squeeze Transpose Tile Fill ConcatV2"
    " Pack Unpack GatherV2 StridedSlice Shape BroadcastGradientArgs Equal NotEqual Greater GreaterEqual Less LessEqual"
    " LogicalAnd LogicalOr LogicalNot Cast Sum Abs"
)
ELEMENTARIES = (
    "Exp Expm1 Log Log1p Sin Cos Tan Asin Acos Atan Sinh Cosh Tanh Asinh Acosh Atanh Sigmoid Xlogy Xlog1py Rsqrt"
    " Returned ComplexAbs Angle"
)

CONTRACTS: dict[str, Contract] = {
    **dict.fromkeys(MOVES.split(), EXACTLY),
    **dict.fromkeys("Add AddV2 AddN Sub".split(), Contract(SUM)),
    **dict.fromkeys("Mul MulNoNan Square".split(), Contract(PRODUCT, flushes=PRODUCTS)),
    **dict.fromkeys("Div RealDiv DivNoNan Xdivy Reciprocal Inv".split(), Contract(QUOTIENT, flushes=PRODUCTS)),
    **dict.fromkeys("TanhGrad SigmoidGrad SqrtGrad RsqrtGrad ReciprocalGrad InvGrad".split(), STEPWISE),
    # The difference is rounded once, and counts twice.
    "SquaredDifference": Contract(PRODUCT + 2 * SUM, flushes=PRODUCTS),
    "Sqrt": ELEMENTARY._replace(keeps_zeros=True, real_ulp=0.5),
    **dict.fromkeys(ELEMENTARIES.split(), ELEMENTARY),
    # C++ says that it is exp(y log x): an argument that is rounded moves the result by |y log x| times as much.
    "Pow": ELEMENTARY._replace(growth=lambda B, x, y: B.modulus(y * B.log(x))),
}


def meaning(name: str) -> Callable[..., Any] | None:
    """What a kernel means on complex balls; None where no row says so."""
    if name not in CONTRACTS:
        return None
    return OWN[name] if name in OWN else KERNELS[name].meaning
