"""The machinery: it runs submissions, watches autograd and judges; it knows no single exercise."""

from typing import Any

__version__ = "0.1.0"


def load_ipython_extension(shell: Any) -> None:
    """%load_ext autograder: students try their cells with %grade."""
    from autograder import magic

    magic.load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """%unload_ext autograder"""
    from autograder import magic

    magic.unload(shell)
