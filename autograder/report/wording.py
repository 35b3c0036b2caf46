"""Sentences that all formats share: for reasons that no exercise words itself, and for how a run ended.

All are English, and phrases where they have parts: who shows one to a student says it in the report's language.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from autograder.model import Outcome, Override, Report, SourceFile, Status, Verdict
from autograder.phrase import ENGLISH, Language, Phrase, together

MOST_OF_A_COMMENT = 2000  # characters

GENERAL: Mapping[str, str] = MappingProxyType(
    {
        "shape": (
            "The result has another shape than the exercise asks for. Compare it with the shape of "
            "the input, axis by axis, and look for the step where an axis appears or disappears."
        ),
        "dtype": (
            "The numbers are of a type that is too coarse for a gradient. "
            "Look at the dtype of the tensor that the computation starts from."
        ),
        "not_finite": (
            "The result contains inf or nan. "
            "Follow the values back, step by step, to the first place where they stop being finite."
        ),
        "none": (
            "There are no numbers here: what was kept is None. "
            "Look at which tensor autograd writes the gradient to, and at which moment it does so."
        ),
        "values": (
            "The shape is right, and the numbers differ from the expected ones. "
            "Work out one entry by hand and compare it with the result."
        ),
        "nothing_drawn": (
            "No curve was found in any figure. "
            "Look at whether the plotting call runs, and at the numbers that it is given."
        ),
        "not_reached": ("Not looked at, because another part of this exercise did not work. Start with that one."),
        "case_cut_short": "A second run of this submission did not come to its end, so a person looks at this part.",
        "case_unproven": (
            "A second run that this part depends on does not work with the PyTorch installed here, "
            "so a person looks at this part."
        ),
        "not_confirmed": "A second run under other conditions did not confirm this part, so a person looks at it.",
        "case_raised": (
            "A second run of this submission stopped at an error that the first did not have, "
            "so a person looks at this part."
        ),
        "not_here": (
            "Your code needs something that is not here while grading, such as a module or an answer to input(), "
            "so a person looks at this part."
        ),
        "cut_short": "The run was stopped before this part was seen. The note with this submission says where.",
        "not_executed": (
            "There is an answer here that did not run: commented out, inside a string, "
            "or under a condition that is never true. A person will look at it."
        ),
        "in_words": (
            "This part is answered in words, so a person reads it. Until then its points are neither given nor lost."
        ),
        "no_words": (
            "No words about this part were found. Its points are neither given nor lost until a person has looked."
        ),
        "grader_error": (
            "The grader itself failed here, which is no fault of the submission. "
            "No points are lost; a person will look at it."
        ),
        "not_attempted": (
            "Nothing that ran answers this part yet. "
            "Look at whether its cell runs to the end, and whether the result is kept or shown."
        ),
    }
)

# Nothing was run, or our part failed: no number in such a report says anything about the student.
UNGRADED = frozenset({Outcome.UNREADABLE, Outcome.DECLINED, Outcome.GRADER_ERROR})

# Control characters, separators of lines, changes of writing direction, and halves of characters:
# in a student's text they would move the cursor, break the line or turn it round.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def general(verdict: Verdict) -> str:
    """The shared sentence for a verdict's reason, or for its status where the reason has none."""
    if verdict.status is Status.PASSED:
        return ""
    by_status = GENERAL.get(verdict.status.value, Phrase("This part is not yet what the exercise asks for."))
    waits = GENERAL["in_words"] if verdict.status is Status.NEEDS_REVIEW else by_status
    return GENERAL.get(verdict.reason, waits)


def feedback(verdict: Verdict) -> str:
    """What the student reads: the teacher's sentence, or else the shared one; empty when it passed."""
    return verdict.feedback or general(verdict)


def sentence(verdict: Verdict, say: Language = ENGLISH) -> str:
    """The teacher's sentence, or else what was measured, followed by the shared one."""
    if verdict.feedback or not verdict.detail:
        return one_line(say(feedback(verdict)))
    measured = one_line(say(verdict.detail))
    ended = measured.endswith((".", "!", "?", "…"))
    template = "{measured} {advice}" if ended else "{measured}. {advice}"
    return say(template, measured=measured, advice=general(verdict))


def outcome(report: Report) -> str:
    """How the run ended, for a person; empty when it finished."""
    match report.outcome:
        case Outcome.FINISHED:
            return ""
        case Outcome.UNREADABLE:
            return Phrase("unreadable: {why}", why=together(troubles(report)) or Phrase("no file of it could be read"))
        case Outcome.DECLINED:
            framework = one_line(report.submission.declined) or Phrase("another framework")
            return Phrase("declined: written for {framework}, nothing was run", framework=framework)
        # What comes after the piece that stopped a run is judged by another run, without that piece.
        case Outcome.TIMED_OUT:
            return Phrase("timed out; the notes say where, and what was judged")
        case Outcome.OUT_OF_MEMORY:
            return Phrase("out of memory; the notes say where, and what was judged")
        case Outcome.DIED:
            return Phrase("ended early; the notes say where, and what was judged")
        case Outcome.GRADER_ERROR:
            return Phrase("needs review: the grader failed on this submission, and no points were taken")


def troubles(report: Report) -> tuple[str, ...]:
    """One sentence for each file of the submission that could not be read."""
    return tuple(map(_trouble, (file for file in report.submission.files if file.trouble)))


def _trouble(file: SourceFile) -> str:
    return Phrase("{file} {trouble}", file=file.name, trouble=file.trouble)


def remarks(report: Report) -> tuple[str, ...]:
    """All remarks on a submission, each once, and its unreadable files unless a remark says so already."""
    said = dict.fromkeys((*report.submission.remarks, *report.remarks))
    unsaid = (
        _trouble(file)
        for file in report.submission.files
        if file.trouble and not any(file.trouble in remark for remark in said)
    )
    return (*said, *unsaid)


def clean(text: str) -> str:
    """Text that cannot act on a terminal or leave its line."""
    return _UNPRINTABLE.sub(lambda match: " " if match[0] in "\t\n\r\v\f\u2028\u2029" else "\ufffd", text)


def one_line(text: str, limit: int = 400) -> str:
    """Text on one line of at most `limit` characters, cut with an ellipsis."""
    flat = " ".join(clean(text).split())
    return flat if len(flat) <= limit else f"{flat[: limit - 1].rstrip()}…"


def comment(override: Override) -> str:
    """What a person said with her points, whole."""
    return one_line(override.why, MOST_OF_A_COMMENT)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint to go on with after "unknown …"; the few that there are, or nothing."""
    names = list(dict.fromkeys(known))
    if near := nearest(word, names):
        return f"; did you mean {near!r}?"
    return f"; there are {', '.join(names)}" if 0 < len(names) <= 20 else ""


def nearest(word: str, known: Iterable[str]) -> str:
    """The one of the known words that was probably meant, or nothing."""
    return next(iter(difflib.get_close_matches(word, list(known), n=1)), "")


def points(value: float) -> str:
    """Points as people write them: 8, 7.5, 0.1 + 0.2 as 0.3."""
    return f"{value:.10g}"
