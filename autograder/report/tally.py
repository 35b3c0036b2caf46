"""Counts over a class: what became of each exercise, and which mistakes how many made."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from autograder.model import Answer, Criterion, Exercise, Report, Status, Verdict
from autograder.report import wording


@dataclass(frozen=True, slots=True)
class CriterionTally:
    """How many of those who attempted the exercise stand where on one criterion."""

    criterion: Criterion
    counts: Mapping[Status, int]

    @property
    def passed(self) -> int:
        return self.counts[Status.PASSED]

    @property
    def failed(self) -> int:
        return self.counts[Status.FAILED]

    @property
    def waiting(self) -> int:
        return self.counts[Status.NEEDS_REVIEW] + self.counts[Status.GRADER_ERROR]

    @property
    def absent(self) -> int:
        return self.counts[Status.NOT_ATTEMPTED] + self.counts[Status.NOT_REACHED]


@dataclass(frozen=True, slots=True)
class ExerciseTally:
    """Submissions that attempted it: all points, some lost, some awaiting review; the last two may be the same ones."""

    exercise: Exercise
    attempted: int
    passed: int
    failed: int
    waiting: int
    criteria: tuple[CriterionTally, ...]


@dataclass(frozen=True, slots=True)
class Made:
    """One submission that made a mistake, and where."""

    report: Report
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is told in the same words in one exercise, and who was told so."""

    exercise: Exercise
    reason: str
    sentence: str
    criteria: tuple[str, ...]  # titles
    made: tuple[Made, ...]


def graded(reports: Iterable[Report]) -> list[Report]:
    """Those whose numbers say something about the student."""
    return [report for report in reports if report.outcome not in wording.UNGRADED]


def exercises(reports: Sequence[Report]) -> list[ExerciseTally]:
    """One tally an exercise, in the order in which the reports name them."""
    answers: dict[str, list[Answer]] = {}
    for answer in (answer for report in reports for answer in report.answers):
        answers.setdefault(answer.exercise.name, []).append(answer)
    counted = {id(answer) for report in graded(reports) for answer in report.answers}
    return [_exercise(found[0].exercise, [a for a in found if id(a) in counted]) for found in answers.values()]


def met(exercises: Sequence[ExerciseTally]) -> list[ExerciseTally]:
    """Those that somebody attempted; if nobody attempted any, all of them."""
    return [tallied for tallied in exercises if tallied.attempted] or list(exercises)


def _exercise(exercise: Exercise, answers: Sequence[Answer]) -> ExerciseTally:
    tried = [answer for answer in answers if is_tried(answer)]
    states = [state(answer) for answer in tried]
    criteria = tuple(_criterion(criterion, tried) for criterion in exercise.criteria)
    waiting = sum(answer.awaiting_review > 0 for answer in tried)
    return ExerciseTally(exercise, len(tried), states.count("passed"), states.count("failed"), waiting, criteria)


def _criterion(criterion: Criterion, answers: Iterable[Answer]) -> CriterionTally:
    verdicts = (verdict for answer in answers for verdict in answer.verdicts)
    return CriterionTally(criterion, Counter(v.effective for v in verdicts if v.criterion.name == criterion.name))


def is_tried(answer: Answer) -> bool:
    """There is something about it to show: an attempt, points, or a person's decision."""
    return answer.attempted or answer.is_touched or answer.score > 0 or answer.awaiting_review > 0


def state(answer: Answer) -> str:
    """passed: all points; failed: points were lost; waiting: none lost so far."""
    most = answer.exercise.max_points
    if answer.score >= most:
        return "passed"
    return "failed" if answer.score + answer.awaiting_review < most else "waiting"


def mistakes(reports: Sequence[Report]) -> list[Mistake]:
    """Those that most submissions made come first."""
    found: dict[tuple[str, str, str], list[tuple[Report, Answer, Verdict]]] = {}
    for report in graded(reports):
        for answer in report.answers:
            for verdict in answer.verdicts:
                if verdict.status is Status.FAILED and not verdict.override:
                    key = (answer.exercise.name, verdict.reason, wording.feedback(verdict))
                    found.setdefault(key, []).append((report, answer, verdict))
    return sorted(map(_mistake, found.values()), key=lambda mistake: -len(mistake.made))


def _mistake(found: Sequence[tuple[Report, Answer, Verdict]]) -> Mistake:
    _, answer, verdict = found[0]
    titles = dict.fromkeys(verdict.criterion.title for _, _, verdict in found)
    places: dict[int, tuple[Report, dict[str, None]]] = {}
    for report, _, told in found:
        places.setdefault(id(report), (report, {}))[1].update({told.where: None} if told.where else {})
    made = tuple(Made(report, tuple(where)) for report, where in places.values())
    return Mistake(answer.exercise, verdict.reason, wording.feedback(verdict), tuple(titles), made)
