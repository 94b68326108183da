"""NIST's Statistical Reference Datasets: least squares with certified answers, and TensorFlow's derivatives."""
