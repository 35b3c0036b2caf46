"""What the class report shows: for the instructor, from what needs a person to what is needed to repeat the run."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import mean, median
from urllib.parse import quote

from autograder.model import Answer, Exercise, Outcome, Report, Run, Skipped, Status
from autograder.report import tally, wording

BINS = 10
MOST_TEXTS = 12  # about one submission
MOST_SKIPPED = 200
SLOWEST = 5
NOTEWORTHY_SECONDS = 2.0  # a submission that took less is not slow
COLUMN, CHART = 40, 96  # of the distribution: width of a bin, height of its highest bar


@dataclass(frozen=True, slots=True)
class Column:
    """How many scores lie from `low` to `high`."""

    low: float
    high: float
    count: int
    height: float  # of a bar, in units of the drawing


@dataclass(frozen=True, slots=True)
class Mark:
    """A cell of the table: what it says, and what it is sorted by."""

    text: str
    value: float
    state: str  # passed, failed, waiting, or nothing


@dataclass(frozen=True, slots=True)
class Row:
    """A student in the table."""

    student: str
    link: str
    marks: tuple[Mark, ...]
    total: Mark
    waiting: float
    state: str
    flags: str  # what the filter can ask for: review, lost, ended


@dataclass(frozen=True, slots=True)
class Note:
    """Something about one submission, with a link to its page."""

    student: str
    link: str
    texts: tuple[str, ...]


def view(run: Run, reports: Sequence[Report], skipped: Sequence[Skipped], links: Sequence[str]) -> Mapping[str, object]:
    """The values of templates/index.html; `links` are the paths of the students' pages."""
    hrefs = [quote(link) for link in links]
    of = {id(report): href for report, href in zip(reports, hrefs, strict=True)}
    counted = tally.graded(reports)
    exercises = tally.exercises(reports)
    met = tally.met(exercises)
    scores = [report.score for report in counted]
    most = max((report.max_score for report in reports), default=0.0)
    return {
        "run": run,
        "seconds": _seconds(run),
        "reports": reports,
        "counted": counted,
        "mean": mean(scores) if scores else 0.0,
        "median": median(scores) if scores else 0.0,
        "most": most,
        "waiting": sum(report.awaiting_review for report in reports),
        "waiting_in": sum(report.awaiting_review > 0 for report in reports),
        "columns": _columns(scores, sum(tallied.exercise.max_points for tallied in met)),
        "column": COLUMN,
        "chart": CHART,
        "exercises": met,
        "missed": [tallied.exercise for tallied in exercises if tallied not in met],
        "mistakes": tally.mistakes(reports),
        "link": lambda report: of[id(report)],
        "name": _name,
        "acts": [_note(r, of, r.acts) for r in reports if r.acts],
        "failed": [_note(r, of, [_ended(r)]) for r in reports if r.outcome is not Outcome.FINISHED],
        "slowest": _slowest(reports),
        "rows": [_row(r, of, [tallied.exercise for tallied in met]) for r in reports],
        "skipped": [(wording.one_line(file.path), wording.one_line(file.why)) for file in skipped[:MOST_SKIPPED]],
        "skipped_more": max(len(skipped) - MOST_SKIPPED, 0),
    }


def _name(report: Report) -> str:
    return wording.one_line(report.submission.student, 80)


def _note(report: Report, of: Mapping[int, str], texts: Sequence[str]) -> Note:
    more = (f"… and {len(texts) - MOST_TEXTS} more",) if len(texts) > MOST_TEXTS else ()
    return Note(_name(report), of[id(report)], (*map(wording.one_line, texts[:MOST_TEXTS]), *more))


def _ended(report: Report) -> str:
    """How it ended, and the remark that says where, if there is one."""
    stops = (remark for remark in wording.remarks(report) if "cut short" in remark or "failed" in remark)
    ended = wording.outcome(report)
    said = next(stops, "")
    return f"{ended}. {said}" if said else ended


def _slowest(reports: Sequence[Report]) -> list[Report]:
    slow = sorted((r for r in reports if r.seconds >= NOTEWORTHY_SECONDS), key=lambda report: -report.seconds)
    return slow[:SLOWEST]


def _seconds(run: Run) -> float:
    passed = datetime.fromisoformat(run.finished) - datetime.fromisoformat(run.started)
    return max(passed.total_seconds(), 0.0)


# -- distribution


def _columns(scores: Sequence[float], most: float) -> list[Column]:
    """Scores in bins of equal width; the last one includes the maximum."""
    if not most:
        return []
    width = most / BINS
    bins = [min(int(score / width), BINS - 1) for score in scores]
    counts = [bins.count(i) for i in range(BINS)]
    highest = max(counts) or 1
    return [
        Column(i * width, (i + 1) * width, count, round(CHART * count / highest, 1)) for i, count in enumerate(counts)
    ]


# -- the table


def _row(report: Report, of: Mapping[int, str], exercises: Sequence[Exercise]) -> Row:
    answers = {answer.exercise.name: answer for answer in report.answers}
    marks = tuple(_mark(report, answers.get(exercise.name)) for exercise in exercises)
    return Row(
        student=_name(report),
        link=of[id(report)],
        marks=marks,
        total=_total(report),
        waiting=report.awaiting_review,
        state=_state(report),
        flags=" ".join(_flags(report)),
    )


def _is_known(report: Report) -> bool:
    return report.outcome not in wording.UNGRADED or any(answer.is_touched for answer in report.answers)


def _mark(report: Report, answer: Answer | None) -> Mark:
    """Points; a dash where nothing was attempted; nothing where nobody has judged."""
    if answer is None or (report.outcome in wording.UNGRADED and not answer.is_touched):
        return Mark("", -2.0, "")
    if not tally.is_tried(answer):
        return Mark("–", -1.0, "")
    return Mark(wording.points(answer.score), answer.score, tally.state(answer))


def _total(report: Report) -> Mark:
    if not _is_known(report):
        return Mark("", -2.0, "")
    return Mark(wording.points(report.score), report.score, "")


def _state(report: Report) -> str:
    if report.outcome is not Outcome.FINISHED:
        return str(report.outcome.value).replace("_", " ")
    return "awaits review" if report.needs_review else "final"


def _flags(report: Report) -> Iterator[str]:
    if report.needs_review or report.acts:
        yield "review"
    verdicts = (verdict for answer in report.answers for verdict in answer.verdicts)
    if any(verdict.effective is Status.FAILED for verdict in verdicts):
        yield "lost"
    if report.outcome is not Outcome.FINISHED:
        yield "ended"
