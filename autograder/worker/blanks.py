"""Empty figures with axes, made before anybody asks for them.

To make one takes matplotlib some milliseconds, and in a new process three times as many, since it touches two thousand
pages that are shared until then. So the fork server makes a few, and `plt.figure` and `add_subplot` hand one out where
they would make its like: under the settings that it was made with, and asked for nothing special. What is drawn on it
is the same (see `tests/test_blanks.py`).
"""

import functools
from collections.abc import Callable
from typing import Any

from matplotlib import pyplot as plt
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.backend_bases import FigureManagerBase
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec

from autograder.worker.recorder import replace
from autograder.worker.settings import Style

MOST = 1000  # inches
_SIZE: Any = "figure.figsize"  # a setting, the only one that can be caught up with
_placed: Any = SubplotSpec._from_subplot_args  # as Axes itself finds its place


class Blanks:
    """What was made ahead; `given` is called with each figure that is handed out."""

    def __init__(self, given: Callable[[Figure], None], style: Style) -> None:
        self._given = given
        self._style = style
        self._figures: list[FigureManagerBase] = []
        self._axes: dict[Figure, list[Axes]] = {}

    def watch(self) -> None:
        make_figure: Any = plt.new_figure_manager
        make_axes: Any = Figure.add_subplot

        @functools.wraps(make_figure)
        def new_figure_manager(num: Any, *args: Any, **kwargs: Any) -> Any:
            return (None if args else self._figure(num, **kwargs)) or make_figure(num, *args, **kwargs)

        @functools.wraps(make_axes)
        def add_subplot(figure: Figure, *args: Any, **kwargs: Any) -> Any:
            ready = None if any(value is not None for value in kwargs.values()) else self._one_of(figure, args)
            return make_axes(figure, ready) if ready else make_axes(figure, *args, **kwargs)

        replace(plt, new_figure_manager=new_figure_manager)
        replace(Figure, add_subplot=add_subplot)

    def fill(self, figures: int, axes: int = 2) -> None:
        """So many figures, with so many axes each, under the settings that are put back before each run."""
        self._figures.clear()
        self._axes.clear()
        new: Any = plt.new_figure_manager
        self._figures = [new(1, FigureClass=Figure) for _ in range(figures)]
        for manager in self._figures:
            figure = manager.canvas.figure
            ready = [figure.add_subplot() for _ in range(axes)]
            for one in ready:
                figure.delaxes(one)  # it can be added again
            self._axes[figure] = ready

    def _figure(self, number: Any, *, figsize: Any = None, **asked: Any) -> FigureManagerBase | None:
        special = {**asked, "FigureClass": asked.get("FigureClass") is not Figure, "frameon": not asked.get("frameon")}
        if any(special.values()) or not self._figures or not self._is_usual():
            return None
        size = _two_numbers(rcParams[_SIZE] if figsize is None else figsize)
        if not size:
            return None
        manager = self._figures.pop()
        manager.num = number
        manager.canvas.figure.set_size_inches(size)
        self._given(manager.canvas.figure)
        return manager

    def _one_of(self, figure: Figure, position: tuple[Any, ...]) -> Axes | None:
        """Axes of this figure, moved to that position."""
        ready = self._axes.get(figure)
        if not ready or not self._is_usual():
            return None
        try:
            place = _placed(figure, position or (1, 1, 1))
        except (TypeError, ValueError):
            return None  # whoever makes them will say so
        axes = ready.pop()
        axes.set_subplotspec(place)
        return axes

    def _is_usual(self) -> bool:
        return self._style.changed <= {_SIZE}


def _two_numbers(size: Any) -> tuple[float, float] | None:
    """Width and height, if no unit and nothing odd is among them."""
    is_a_pair = isinstance(size, list | tuple) and len(size) == 2
    return tuple(size) if is_a_pair and all(type(one) in (int, float) and 0 < one < MOST for one in size) else None
