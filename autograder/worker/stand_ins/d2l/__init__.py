"""Stands in for the book's `d2l` package: what the chapter on automatic differentiation uses of it.

`import d2l`, `from d2l import torch as d2l` and private copies of it all give this module's names.
"""

from . import torch as torch
from .torch import *  # noqa: F403  so that `import d2l; d2l.plot(…)` works as well
