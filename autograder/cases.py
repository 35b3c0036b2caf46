"""The hidden cases of one submission: each is run once at most, and only when a criterion looks at it.

First those that may be run together are tried in one run: sin swapped, the seed fresh, every cotangent multiplied. What
passes there has followed everything at once, and needs no run with each. What does not pass there is decided by the
cases themselves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from autograder.later import Look
from autograder.model import Case, Exercise
from autograder.observe import Observed, Runs, distinct, merged
from autograder.seen import Seen

Ways = Sequence[Mapping[str, Look]]  # to look at the cases of an exercise, by their names; the last one decides
AT_ONCE = "at_once"


class HiddenCases:
    """Of the exercises that one run of a submission attempts.

    `skipped`: without the pieces that the run as written had to leave out. None: an answer stands in the very piece
    that ended the run, so everything runs, as far as it comes. `at_once`: all conditions may be tried in one run.
    """

    def __init__(
        self, runs: Runs, exercises: Sequence[Exercise], skipped: frozenset[int] | None, *, at_once: bool
    ) -> None:
        self.observed: list[Observed] = []
        self._runs = runs
        self._skipped = skipped
        self._shared = distinct(exercises)
        self._joined = joined(exercises) if at_once else None
        self._views: dict[str, dict[str, Seen]] = {}

    def ways(self, exercise: Exercise) -> Ways:
        """All conditions at once, where that is worth a run; then each case by itself."""
        alone = {own.name: partial(self._look, *self._sharing(own), exercise) for own in exercise.cases}
        if self._joined is None:
            return [alone]
        case, users = self._joined
        fit = [own for own in exercise.cases if own.together and own.swap in ("", case.swap)]
        return [{**alone, **{own.name: partial(self._look, case, users, exercise) for own in fit}}, alone]

    def _sharing(self, own: Case) -> tuple[Case, list[Exercise]]:
        return next(pair for pair in self._shared if pair[0].conditions == own.conditions)

    def _look(self, case: Case, users: Sequence[Exercise], exercise: Exercise) -> Seen:
        key = AT_ONCE if case.name == AT_ONCE else repr(case.conditions)
        if key not in self._views:
            again = self._skipped is not None and key != AT_ONCE
            observed = self._runs.observe(case, self._skipped or frozenset(), again=again)
            self._views[key] = self._runs.views(observed, observed.last, users)
            if self._skipped is not None:
                self.observed.append(observed)
        return self._views[key][exercise.name]


def joined(exercises: Sequence[Exercise]) -> tuple[Case, list[Exercise]] | None:
    """One case with the conditions of all that may be run together, and its exercises; None if it saves no run.

    One operation can be swapped at a time: cases that swap another one stay by themselves.
    """
    pairs = [(exercise, case) for exercise in exercises for case in exercise.cases if case.together]
    swap = next((case.swap for _, case in pairs if case.swap), "")
    fit = [(exercise, case) for exercise, case in pairs if case.swap in ("", swap)]
    if len({case.conditions for _, case in fit}) < 2:
        return None
    fresh, scaled = (any(getattr(case, name) for _, case in fit) for name in ("fresh_seed", "scaled"))
    case = replace(merged(fit), name=AT_ONCE, swap=swap, fresh_seed=fresh, scaled=scaled, all_or_nothing=True)
    return case, list({exercise.name: exercise for exercise, _ in fit}.values())
