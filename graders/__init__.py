"""LOGIC: one module an exercise, one function a criterion. NumPy only; no points, no texts, no tolerances."""
