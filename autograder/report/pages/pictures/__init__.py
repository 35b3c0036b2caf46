"""Exhibits → what a template has to draw: positions, ticks, and a sentence for whoever cannot see the picture."""

from autograder.exhibits import Arrows, Bars, Curves, Exhibit, Fit, Matrices, Timeline
from autograder.report.pages.pictures import arrows, bars, curves, fits, matrices, timeline

Picture = curves.CurvePlot | bars.BarPlot | matrices.MatrixPlot | arrows.ArrowPlot | timeline.TimelinePlot


def of(exhibit: Exhibit) -> Picture | None:
    """The drawing of an exhibit; None where there is nothing to draw, or no way to."""
    try:
        return drawn(exhibit)
    except Exception:  # noqa: BLE001  numbers of strangers: a page is worth more than a picture
        return None


def drawn(exhibit: Exhibit) -> Picture | None:
    """As `of`, but a failure is not hidden."""
    match exhibit:
        case Curves():
            return curves.drawn(exhibit)
        case Fit():
            return fits.drawn(exhibit)
        case Arrows():
            return arrows.drawn(exhibit)
        case Bars():
            return bars.drawn(exhibit)
        case Matrices():
            return matrices.drawn(exhibit)
        case Timeline():
            return timeline.drawn(exhibit)
