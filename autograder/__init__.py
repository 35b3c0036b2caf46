"""The machinery: it runs submissions, watches autograd and judges; it knows no single exercise."""

__version__ = "0.1.0"
