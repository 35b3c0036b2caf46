"""Which framework a submission is written for, told by its import lines alone."""

import re
from collections.abc import Iterable, Iterator

from autograder.model import SourceFile, Unit

_TORCH = "PyTorch"
_FRAMEWORKS = {
    "torch": _TORCH,
    **{
        "mxnet": "MXNet",
        "d2lzh": "MXNet",
        "gluonnlp": "MXNet",
        "tensorflow": "TensorFlow",
        "jax": "JAX",
        "flax": "JAX",
    },
    **{"paddle": "PaddlePaddle", "mindspore": "MindSpore"},
}
# Names in parentheses are bounded: one left open must not cost a walk to the end of a huge file.
_IMPORT = re.compile(
    r"(?:^|;)[ \t]*(?:import[ \t]+(?P<modules>[^\n#;]+)"
    r"|from[ \t]+(?P<origin>[\w.]+)[ \t]+import\b[ \t]*(?P<names>\([^)]{0,2000}|[^\n#;]+))",
    re.MULTILINE,
)


def declined_framework(files: Iterable[SourceFile]) -> str:
    """The first framework that the code imports, unless it imports torch too; empty when it can be graded."""
    frameworks = [framework for file in files for framework in file.frameworks]
    return "" if _TORCH in frameworks else next(iter(frameworks), "")


def frameworks(units: Iterable[Unit]) -> tuple[str, ...]:
    """All that the code of a file imports, each once, in order."""
    packages = (package for unit in units if unit.kind != "markdown" for package in _packages(unit.text))
    return tuple(dict.fromkeys(_FRAMEWORKS[package] for package in packages if package in _FRAMEWORKS))


def _packages(code: str) -> Iterator[str]:
    """The top-level packages that import lines name, in order; d2l's flavours count as what they stand on."""
    for found in _IMPORT.finditer(code):
        yield from map(_package, _modules(found))


def _modules(found: re.Match[str]) -> list[str]:
    if found["modules"]:
        return _first_words(found["modules"])
    if found["origin"] == "d2l":
        return [f"d2l.{name}" for name in _first_words(found["names"].lstrip("("))]
    return [found["origin"]]


def _first_words(listed: str) -> list[str]:
    """`numpy as np, mxnet as mx` → numpy, mxnet."""
    return [item.split()[0] for item in listed.split(",") if item.strip()]


def _package(module: str) -> str:
    first, *rest = module.split(".")
    return rest[0] if first == "d2l" and rest else first
