"""Derivatives of functions of complex arguments: the exact side, the replay and the verdict, on complex balls."""
