"""The reference that TensorFlow's derivatives are held against: exact, certified, in ULP."""
