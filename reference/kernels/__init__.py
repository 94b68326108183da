"""What each TensorFlow kernel means on balls, and how far its answer may be from that: one row per kernel."""

from reference.kernels.arithmetic import ARITHMETIC
from reference.kernels.functions import FUNCTIONS
from reference.kernels.gradients import GRADIENTS
from reference.kernels.structure import STRUCTURE
from reference.kernels.table import Kernel

KERNELS: dict[str, Kernel] = {}
for row in ARITHMETIC + FUNCTIONS + GRADIENTS + STRUCTURE:
    if row.name in KERNELS:
        raise ValueError(f"the kernel {row.name} has two rows")
    KERNELS[row.name] = row

__all__ = ["KERNELS", "Kernel"]
