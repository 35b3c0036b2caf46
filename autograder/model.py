"""The nouns: frozen values and two enums. Nothing here computes more than a derived property."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING

from autograder.phrase import ENGLISH, Language

if TYPE_CHECKING:  # it imports what takes time
    from autograder.exhibits import Exhibit


class Outcome(Enum):
    """How a submission's run ended. Decided by the trusted side, from exit status and clock."""

    FINISHED = "finished"
    UNREADABLE = "unreadable"
    DECLINED = "declined"  # written for another framework: nothing was run
    TIMED_OUT = "timed_out"
    OUT_OF_MEMORY = "out_of_memory"
    DIED = "died"
    GRADER_ERROR = "grader_error"  # ours: never costs points


class Status(Enum):
    """What became of a criterion."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_ATTEMPTED = "not_attempted"
    NOT_REACHED = "not_reached"
    NEEDS_REVIEW = "needs_review"
    GRADER_ERROR = "grader_error"


@dataclass(frozen=True, slots=True)
class Unit:
    """A notebook cell, or a stretch of a script that is split into statements where it runs."""

    file: str
    kind: str  # "code", "markdown" (a notebook's cells) or "script"
    label: str  # what a person calls it: "cell 3"; of a script, empty: its lines are named as they run
    text: str
    saved: str = ""  # the output that a notebook was saved with: the student's word for it, and never judged

    @property
    def where(self) -> str:
        """ "ada.ipynb, cell 7"; of a script, its file."""
        return f"{self.file}, {self.label}" if self.label else self.file


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a submission: its name relative to the submission, its digest, and its units as text."""

    name: str
    sha256: str
    units: Sequence[Unit] = ()
    trouble: str = ""  # a sentence, when it cannot be read
    frameworks: tuple[str, ...] = field(default=(), compare=False)  # that its code imports, in order; PyTorch is one


NAMESAKES = "Another submission has the same student name"  # begins a remark that tells of somebody else


@dataclass(frozen=True, slots=True)
class Submission:
    """One student's files for an assignment, as text, with where they came from."""

    student: str
    path: str  # relative to the folder that was given
    files: tuple[SourceFile, ...] = ()
    remarks: tuple[str, ...] = ()
    declined: str = ""  # the framework it is written for, when that is not PyTorch
    origin: str = ""  # the whole path, by which it is known again
    handed_in: str = ""  # when, as the LMS says it: ISO 8601, perhaps without a zone; empty when it does not say
    ids: Mapping[str, str] = field(default_factory=dict, hash=False)  # what the LMS calls the student; docs/results.md


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Accept when |got − want| ≤ rtol · max(|want|, median of the non-zero |want|), or atol where want is all zero."""

    rtol: float = 3e-5
    atol: float = 1e-6


# When students see what became of a criterion, in Gradescope's words.
VISIBLE, HIDDEN, AFTER_DUE_DATE, AFTER_PUBLISHED = "visible", "hidden", "after_due_date", "after_published"


@dataclass(frozen=True, slots=True)
class Criterion:
    """One line of the rubric."""

    name: str
    title: str
    points: float
    tolerance: Tolerance = field(default_factory=Tolerance)
    feedback: Mapping[str, str] = field(default_factory=dict)  # reason → what the student reads
    visibility: str = VISIBLE


@dataclass(frozen=True, slots=True)
class Call:
    """Arguments that a student's function is called with in a hidden case, as recipes to draw from."""

    name: str
    arguments: tuple[Mapping[str, object], ...]
    same_as: str = ""  # an earlier call, whose arguments it gets once more


SAMPLES = ("sinusoids", "field")  # that can be others
OPERATIONS = tuple("sin cos exp log sqrt tanh sigmoid pow mul div matmul".split())  # that can be swapped
FORMS = ("tensor", "array", "integers", "number")  # of a hidden input
RECIPES = {"quadratic": 2}  # of hidden functions, and how many numbers each takes


@dataclass(frozen=True, slots=True)
class Case:
    """One run of the whole submission under stated conditions. `as_written` changes nothing."""

    name: str
    swap: str = ""  # the operation that autograd is told another derivative of
    fresh_seed: bool = False
    scaled: bool = False  # every cotangent is multiplied by a hidden number, and every graph is kept
    moved: bool = False  # decimal fractions that stand alone in the code are other ones
    samples: str = ""  # what becomes another as it is assigned: one of SAMPLES, or nothing
    rounds: bool = False  # the variables are looked at as loops go round
    hidden: bool = False
    all_or_nothing: bool = False  # a run that is cut short is not used
    together: bool = False  # criteria read all conditions off what they see: others may be set in the same run
    calls: tuple[Call, ...] = ()

    @property
    def conditions(self) -> tuple[object, ...]:
        """Cases of different exercises with the same ones are one run."""
        return self.swap, self.fresh_seed, self.scaled, self.moved, self.samples


@dataclass(frozen=True, slots=True)
class Limits:
    """What one case of one submission may use."""

    seconds: float = 20.0  # wall clock
    memory_mib: int = 2048  # on top of the warm fork server


@dataclass(frozen=True, slots=True)
class Conditions:
    """What is the same for every case of every submission of one invocation."""

    seed: int
    seconds: float
    memory_mib: int


@dataclass(frozen=True)
class Exercise:
    """Everything its YAML says."""

    name: str
    title: str
    criteria: tuple[Criterion, ...]
    cases: tuple[Case, ...] = ()
    limits: Limits = field(default_factory=Limits)
    mentions: tuple[str, ...] = ()  # regular expressions by which words about this exercise are found
    statement: tuple[str, ...] = ()  # sentences of the exercise text itself, which are nobody's answer

    @cached_property
    def max_points(self) -> float:
        return sum(criterion.points for criterion in self.criteria)


@dataclass(frozen=True, slots=True)
class Override:
    """A person's points for an exercise or a criterion of one submission, and why: they count in place of ours."""

    points: float
    why: str
    at: str  # ISO 8601, UTC


_WAITING = (Status.NEEDS_REVIEW, Status.GRADER_ERROR)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement on one criterion."""

    criterion: Criterion
    status: Status
    reason: str = ""  # a key of the feedback, or a general one: shape, values, …
    feedback: str = ""  # the teacher's sentence
    detail: str = ""  # what was measured, or the passage that a person has to read
    where: str = ""  # the cell or line that was judged
    line: int = 0  # of the cell or script, from 1; 0 if it is not known
    override: Override | None = None
    withheld: bool = False  # its student may not see it, or not yet

    @property
    def graded(self) -> float:
        """The points that the grader gave."""
        return self.criterion.points if self.status is Status.PASSED else 0.0

    @property
    def points(self) -> float:
        """The points that count: a person's, where one has decided."""
        return self.override.points if self.override else self.graded

    @property
    def effective(self) -> Status:
        """The status that counts: passed with all points and failed with less, where a person has decided."""
        if self.override is None:
            return self.status
        return Status.PASSED if self.override.points >= self.criterion.points else Status.FAILED

    @property
    def waits(self) -> bool:
        """A person has to look, and none has decided."""
        return self.effective in _WAITING

    @property
    def awaiting_review(self) -> float:
        """Points that neither count as had nor as lost until a person has looked."""
        return self.criterion.points if self.waits else 0.0


@dataclass(frozen=True)
class Answer:
    """What one submission made of one exercise. Sums are added up once: everybody who shows it asks for them."""

    exercise: Exercise
    attempted: bool
    verdicts: tuple[Verdict, ...]
    override: Override | None = None  # of the exercise as a whole; it comes before those of its criteria

    @cached_property
    def graded(self) -> float:
        """The points that the grader gave."""
        return sum(verdict.graded for verdict in self.verdicts)

    @cached_property
    def score(self) -> float:
        """The points that count: a person's, where one has decided."""
        return self.override.points if self.override else sum(verdict.points for verdict in self.verdicts)

    @cached_property
    def undecided(self) -> tuple[Verdict, ...]:
        """Those whose points are the grader's."""
        return () if self.override else tuple(verdict for verdict in self.verdicts if not verdict.override)

    @property
    def is_decided(self) -> bool:
        """Every point of it is a person's."""
        return not self.undecided

    @cached_property
    def is_touched(self) -> bool:
        """A person has decided on it, or on a part."""
        return self.override is not None or any(verdict.override for verdict in self.verdicts)

    @cached_property
    def awaiting_review(self) -> float:
        return 0.0 if self.override else sum(verdict.awaiting_review for verdict in self.verdicts)


@dataclass(frozen=True, slots=True)
class Run:
    """One invocation: what has to be known to repeat it."""

    seed: int
    started: str  # ISO 8601, UTC
    finished: str
    version: str
    torch: str
    sandbox: str = ""  # the rung of the ladder, and what it holds
    layout: str = ""  # what was taken for whose download: "Moodle"
    language: str = ""  # that was asked for, if one was
    title: str = ""  # of the assignment, if there was one
    due: str = ""  # ISO 8601, with its offset


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file under the given folder that is no submission, and why not, in a sentence."""

    path: str
    why: str


@dataclass(frozen=True, slots=True)
class Late:
    """When a submission was handed in, of an assignment with a due date, and what being late costs."""

    handed_in: str  # ISO 8601; empty when it is not known
    due: str  # ISO 8601
    seconds: float = 0.0  # after the due date
    deduction: float = 0.0  # points
    why: str = ""  # a sentence for the student; empty when it was in time


@dataclass(frozen=True)
class Report:
    """A graded submission."""

    submission: Submission
    outcome: Outcome
    answers: tuple[Answer, ...]
    remarks: tuple[str, ...] = ()
    acts: tuple[str, ...] = ()  # for the instructor: what honest answers do not do
    exhibits: Mapping[str, tuple["Exhibit", ...]] = field(default_factory=dict)  # exercise → what pictures are made of
    seconds: float = field(default=0.0, compare=False)  # that its code took, over all its runs
    late: Late | None = None
    language: Language = field(default=ENGLISH, compare=False)  # that its student reads; all texts here are English
    digest: str = field(default="", compare=False)  # of all that was found, where that is kept

    @cached_property
    def earned(self) -> float:
        """The points of all exercises, before anything is deducted for being late."""
        return sum(answer.score for answer in self.answers)

    @property
    def score(self) -> float:
        return self.earned - self.late.deduction if self.late else self.earned

    @cached_property
    def max_score(self) -> float:
        return sum(answer.exercise.max_points for answer in self.answers)

    @cached_property
    def awaiting_review(self) -> float:
        return sum(answer.awaiting_review for answer in self.answers)

    @cached_property
    def needs_review(self) -> bool:
        """A person has to look: something waits, could not be read, or was cut short before it was reached."""
        if self.outcome is not Outcome.FINISHED or self.acts:
            return True
        undecided = (answer for answer in self.answers if not answer.override)
        return any(verdict.waits for answer in undecided for verdict in answer.verdicts)
