"""Samples as dots, the function that is in them, and the curve that was recovered."""

from autograder.exhibits import Fit, Line
from autograder.phrase import Phrase
from autograder.report.pages.pictures.axes import Scale, axes_of, said
from autograder.report.pages.pictures.curves import BY_EYE, NAMES, CurvePlot, Path, path, scales


def drawn(exhibit: Fit) -> CurvePlot | None:
    """All of it over one pair of axes; None if there is no point."""
    lines = [line for line in exhibit.lines if line.x]
    if not lines:
        return None
    x, y = scales(lines)
    paths = tuple(Path(line.part, NAMES[line.part], _path(line, x, y)) for line in lines)
    return CurvePlot(Phrase("The samples and what came out of them"), _about(exhibit), axes_of(x, y), paths)


def _path(line: Line, x: Scale, y: Scale) -> str:
    """Of samples a dot each: a stroke of no length with round ends."""
    if line.part != "samples":
        return path(line, x, y)
    return "".join(
        f"M{x(a):g} {y(b):g}h0" for a, b in zip(line.x, line.y, strict=True) if a is not None and b is not None
    )


def _about(exhibit: Fit) -> str:
    if not any(line.part == "fitted" for line in exhibit.lines):
        return Phrase("No curve of yours is this function or close to it.")
    if exhibit.gap is None:
        return Phrase("Your curve is incomplete.")
    if exhibit.gap <= BY_EYE * (exhibit.size or 0.0):
        return Phrase("Your curve lies on the function that was sampled.")
    return Phrase(
        "Your curve and the function that was sampled are up to {gap} apart.", gap=said(float(f"{exhibit.gap:.2g}"))
    )
