"""What is plotted, as data: behind matplotlib, nothing is rendered."""

import contextlib
import functools
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import matplotlib
import numpy as np
from matplotlib import figure as mpl_figure
from matplotlib import pyplot as plt
from matplotlib import text as mpl_text
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backend_bases import FigureCanvasBase
from matplotlib.legend import Legend

from autograder.worker.arrays import MAX_ELEMENTS, Array
from autograder.worker.blanks import Blanks
from autograder.worker.recorder import Recorder, guarded, replace
from autograder.worker.settings import Style

MAX_ARTISTS = 1000  # of one axes


class Figures:
    """Every figure that was made, and the curves in them."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.style = Style()
        self.blanks = Blanks(self._add, self.style)
        self.forget()

    def _add(self, figure: mpl_figure.Figure) -> None:
        self.figures.append(figure)

    def prepare(self, count: int) -> None:
        """So many empty figures for those who will ask for one."""
        self.blanks.fill(count)
        self.forget()

    def forget(self) -> None:
        """Nothing of an earlier run is left."""
        self.figures: list[mpl_figure.Figure] = []
        self.drawn: dict[
            tuple[Artist, bool], tuple[bytes, bytes]
        ] = {}  # (artist, one point) → mark of the data that was last sent
        self.made: dict[Artist, tuple[str, int]] = {}  # unit and line that put it into its axes

    def watch(self) -> None:
        init: Callable[..., None] = mpl_figure.Figure.__init__

        @functools.wraps(init)
        def watched_init(fig: mpl_figure.Figure, *args: Any, **kwargs: Any) -> None:
            init(fig, *args, **kwargs)
            self._add(fig)

        def watched_show(*_: Any, **__: Any) -> None:
            self.harvest()
            self.recorder.let_go()
            plt.close("all")  # a window that was shown and closed: the next plot starts a new figure

        def watched_savefig(fig: mpl_figure.Figure, target: Any, *_: Any, **__: Any) -> None:
            self.harvest()
            with contextlib.suppress(TypeError, OSError):  # rendering costs more than all the rest, and is not judged
                _placeholder(target)

        replace(mpl_figure.Figure, __init__=watched_init, savefig=watched_savefig)
        replace(mpl_figure.Figure, show=lambda fig, *_, **__: self.harvest())
        replace(mpl_text.Text, get_usetex=lambda _: False)  # no LaTeX here
        replace(plt, show=watched_show)
        self.style.watch()
        self.blanks.watch()
        for name in ("close", "clf", "cla"):
            setattr(plt, name, self._harvest_first(getattr(plt, name)))
        for name in ("add_line", "add_collection"):
            replace(Axes, **{name: self._noting(getattr(Axes, name))})
        _draw_nothing()
        replace(plt, switch_backend=lambda *_: None)
        replace(sys.modules["matplotlib"], use=lambda *_, **__: None)

    def _harvest_first(self, real: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(real)
        def watched(*args: Any, **kwargs: Any) -> Any:
            self.harvest()
            return real(*args, **kwargs)

        return watched

    def _noting(self, real: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(real)
        def watched(axes: Axes, artist: Any, *args: Any, **kwargs: Any) -> Any:
            self._note(artist)
            return real(axes, artist, *args, **kwargs)

        return watched

    @guarded
    def _note(self, artist: Any) -> None:
        """A figure is looked at when its cell is over; by then nothing tells which line drew."""
        if isinstance(artist, Artist):
            self.made[artist] = (self.recorder.unit, self.recorder.line_of(sys._getframe()))

    def _line_of(self, artist: Artist, is_new: bool) -> int:
        """Of what was drawn in the unit that runs; none of what has got other data since."""
        unit, line = self.made.get(artist, ("", 0))
        return line if is_new and unit == self.recorder.unit else 0

    @guarded
    def harvest(self) -> None:
        """Every curve and scatter whose data are new."""
        for number, fig in enumerate(self.figures):
            for place, axes in enumerate(fig.axes):
                curves = list(_curves(axes))
                for artist, x, y in [*curves, *_single_points(curves)]:
                    mark = (x.tobytes(), y.tobytes())
                    key = (artist, x.size == 1)
                    if self.drawn.get(key) != mark:
                        line = self._line_of(artist, is_new=key not in self.drawn)
                        self.drawn[key] = mark
                        label = str(artist.get_label())[:100]
                        self.recorder.send("curve", x=x, y=y, figure=number, axes=place, label=label, line=line)


def _draw_nothing() -> None:
    """Nobody will see a layout, nor ticks: those that a picture needs are made where one is really drawn."""
    replace(FigureCanvasBase, draw_idle=lambda *_, **__: None)
    replace(mpl_figure.Figure, tight_layout=lambda *_, **__: None)
    replace(Axis, set_clip_path=Artist.set_clip_path)  # its own makes ticks
    _lay_out_legends_later()
    for name in ("majorTicks", "minorTicks"):
        if name in vars(Axis):
            setattr(Axis, name, _LazierTicks(vars(Axis)[name]))


def _lay_out_legends_later() -> None:
    """When they are asked for anything, which mostly is never: a legend takes as long as all the curves it names."""
    real: Callable[..., None] = Legend.__init__

    @functools.wraps(real)
    def init(legend: Legend, *named: Any, **options: Any) -> None:
        loc = options.get("loc")
        if len(named) == 3 and options.keys() <= {"loc"} and type(loc) in _PLACES and loc in _PLACES[type(loc)]:
            vars(legend)[_ASKED] = named, options, dict.copy(matplotlib.rcParams)
        else:
            real(legend, *named, **options)

    def missing(legend: Legend, name: str) -> Any:
        if _ASKED not in vars(legend):
            raise AttributeError(f"{type(legend).__name__!r} object has no attribute {name!r}")
        named, options, style = vars(legend).pop(_ASKED)
        since = dict(vars(legend))  # has been set without a look
        with matplotlib.rc_context():
            dict.update(matplotlib.rcParams, style)
            real(legend, *named, **options)
        vars(legend).update(since)
        return getattr(legend, name)

    replace(Legend, __init__=init, __getattr__=missing)


_ASKED = "_asked_for"  # of a legend that is not laid out yet
# Where it may be said to be, without a chance to fail:
_PLACES = {type(None): (None,), str: tuple(Legend.codes), int: tuple(Legend.codes.values())}


class _LazierTicks:
    """Made when they are asked for, and not by `set_tick_params`: what it sets is for those to come as well."""

    def __init__(self, ticks: Any) -> None:
        self.ticks = ticks

    def __get__(self, axis: Axis | None, kind: type[Axis] | None = None) -> Any:
        if sys._getframe(1).f_code is Axis.set_tick_params.__code__:
            return []
        return self.ticks.__get__(axis, kind)


def _curves(axes: Axes) -> Iterator[tuple[Artist, Array, Array]]:
    """(artist, x, y) of each line and scatter of some axes, as float64."""
    for line in list(axes.lines)[:MAX_ARTISTS]:
        yield from _curve(line, line.get_xdata(orig=False), line.get_ydata(orig=False))
    for points in list(axes.collections)[:MAX_ARTISTS]:
        offsets = np.asarray(points.get_offsets())
        if type(points).__name__ == "PathCollection" and offsets.ndim == 2:
            yield from _curve(points, offsets[:, 0], offsets[:, 1])


def _single_points(curves: Iterable[tuple[Artist, Array, Array]]) -> Iterator[tuple[Artist, Array, Array]]:
    """Points that were drawn one by one: those of one colour are one curve."""
    groups: dict[str, list[tuple[Artist, Array, Array]]] = {}
    for artist, x, y in curves:
        if x.size == 1:
            colour = artist.get_color() if hasattr(artist, "get_color") else artist.get_facecolor()  # type: ignore[attr-defined]
            groups.setdefault(str(colour), []).append((artist, x, y))
    for points in groups.values():
        if len(points) > 1:
            yield points[-1][0], np.concatenate([x for _, x, _ in points]), np.concatenate([y for _, _, y in points])


def _curve(artist: Artist, x: Any, y: Any) -> Iterator[tuple[Artist, Array, Array]]:
    x, y = np.array(x, float).reshape(-1), np.array(y, float).reshape(-1)
    if x.shape == y.shape and 1 <= x.size <= MAX_ELEMENTS:
        yield artist, x, y


def _placeholder(target: Any) -> None:
    """A picture of one pixel, for code that looks at its own file afterwards."""
    if hasattr(target, "write"):
        target.write(_PIXEL)
    else:
        with open(target, "wb") as file:
            file.write(_PIXEL)


_PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8ffff3f0005fe02fea735819f0000000049454e44ae426082"
)
