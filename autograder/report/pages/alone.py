"""Pictures by themselves, for systems that take images beside a result: SVG, and the sentence that goes with it."""

from collections.abc import Iterator
from dataclasses import dataclass

from autograder.exhibits import Exhibit
from autograder.phrase import Language, Phrase
from autograder.report.pages import engine, pictures
from autograder.report.pages.pictures.bars import BarPlot
from autograder.report.pages.pictures.curves import CurvePlot

_HEIGHT = 236.0  # of what stands over axes
_SHOWN = {
    **{"f": Phrase("thin"), "slope": Phrase("thick"), "expected": Phrase("dotted"), "other": Phrase("dashed")},
    **{"samples": Phrase("dots"), "fitted": Phrase("thick"), "sampled": Phrase("dotted")},
}


@dataclass(frozen=True, slots=True)
class Image:
    """What the picture shows, in words, and its SVG."""

    label: str
    svg: bytes


def images(exhibits: tuple[Exhibit, ...], say: Language) -> Iterator[Image]:
    """One for each exhibit that can be drawn."""
    for exhibit in exhibits:
        if plot := pictures.of(exhibit):
            view = {"say": say, "plot": plot, "height": round(getattr(plot, "height", _HEIGHT))}
            yield Image(_label(plot, say), engine.picture("alone.svg", view).encode("utf-8", "replace"))


def _label(plot: pictures.Picture, say: Language) -> str:
    return " ".join(f"{text.rstrip('.')}." for text in (say(plot.caption), _legend(plot, say), say(plot.said)) if text)


def _legend(plot: pictures.Picture, say: Language) -> str:
    match plot:
        case CurvePlot():
            return ", ".join(f"{say(path.name)} ({say(_SHOWN[path.part])})" for path in plot.legend)
        case BarPlot():
            return f"{say('yours')} ({say('filled')}), {say('expected')} ({say('outlined')})"
        case _:
            return ""
