"""Cases of one submission: the job, the run, and the runs without what ended it; then as each exercise sees it.

A piece of the code that ends the child, or takes the time of all others, costs only itself: the submission is run again
without it, a bounded number of times. Hidden cases start from what had to be left out of the run as written.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from autograder import oracle
from autograder.evidence import Act, Called, Fault
from autograder.model import Call, Case, Conditions, Exercise, Outcome, Submission
from autograder.seen import Log, Seen
from autograder.talk import Calls, Ending, Job, blank_job
from autograder.text import cleaned
from autograder.words import Passage

MAX_RERUNS = 3  # of one submission, over all its cases
Run = Callable[[Job, Case, Callable[[], Calls]], Ending]


@dataclass(frozen=True, slots=True)
class Observed:
    """One case: how its last run went, and the runs before it that were cut short."""

    case: Case
    last: Ending
    cut: tuple[Ending, ...] = ()
    inputs: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    parameters: tuple[float, ...] = ()
    scale: float = 1.0
    moved: float = 1.0
    skipped: frozenset[int] = frozenset()  # numbers of the pieces that the last run was without

    @property
    def first(self) -> Ending:
        return self.cut[0] if self.cut else self.last

    @property
    def endings(self) -> tuple[Ending, ...]:
        return (*self.cut, self.last)

    @property
    def acts(self) -> Iterator[Act]:
        return (item for ending in self.endings for item in ending.observations if isinstance(item, Act))

    @property
    def faults(self) -> Iterator[Fault]:
        return (item for ending in self.endings for item in ending.observations if isinstance(item, Fault))


class Runs:
    """The runs of one submission."""

    def __init__(self, submission: Submission, conditions: Conditions, run: Run) -> None:
        self.submission = submission
        self.conditions = conditions
        self._run = run
        self._reruns = MAX_RERUNS
        units = [unit for file in submission.files for unit in file.units if unit.kind != "markdown"]
        self.units = [{"file": u.file, "kind": u.kind, "label": u.label, "text": u.text} for u in units]
        self._files = {unit.file: unit.text for unit in units if unit.kind == "script"}
        self._markdown = tuple(_passages(submission, "markdown"))
        self._code = tuple(_passages(submission, "code", "script"))

    def observe(self, case: Case, skipped: frozenset[int] = frozenset(), *, again: bool = True) -> Observed:
        """A case without the pieces `skipped`; `again`: and, if need be, without what ended it."""
        seed, cut = self.conditions.seed, list[Ending]()
        parameters = oracle.swap_parameters(case.swap, seed)
        scale = oracle.scale(seed) if case.scaled else 1.0
        moved = oracle.moved(seed) if case.moved else 1.0
        while True:
            inputs: dict[str, tuple[Any, ...]] = {}
            job = self._job(case, parameters, (scale, moved), skipped)
            ending = self._run(job, case, lambda given=inputs: _calls(case, seed, given))  # type: ignore[misc]
            if not (again and self._may_go_on(ending, skipped)):
                return Observed(case, ending, tuple(cut), inputs, parameters, scale, moved, skipped)
            assert ending.blamed is not None  # noqa: S101  _may_go_on has looked
            skipped |= {ending.blamed.number}
            cut.append(ending)

    def _may_go_on(self, ending: Ending, skipped: frozenset[int]) -> bool:
        """It was cut short by something that can be left out, and there are runs left."""
        if ending.outcome is Outcome.FINISHED or ending.blamed is None or ending.blamed.number in skipped:
            return False
        self._reruns -= 1
        return self._reruns >= 0

    def _job(
        self, case: Case, parameters: Sequence[float], factors: tuple[float, float], skipped: Iterable[int]
    ) -> Job:
        return {
            **blank_job(self.conditions.memory_mib, self.conditions.seconds),
            "units": self.units,
            "files": self._files,
            "seed": oracle.seed_of_the_run(self.conditions.seed, case.fresh_seed),
            "fresh": case.fresh_seed,
            "swap": [case.swap, list(parameters)] if case.swap else None,
            "scale": factors[0],
            "moved": factors[1],
            "samples": [case.samples, list(oracle.other_samples(self.conditions.seed))] if case.samples else None,
            "rounds": case.rounds,
            "all_or_nothing": case.all_or_nothing,
            "skip": sorted(skipped),
        }

    def views(self, observed: Observed, ending: Ending, exercises: Sequence[Exercise]) -> dict[str, Seen]:
        """An ending of a case, as each exercise sees it."""
        shared = Seen(
            case=observed.case,
            outcome=ending.outcome,
            log=Log(ending.observations),
            note=ending.note,
            left_out=ending is observed.last and bool(observed.skipped),
            parameters=observed.parameters,
            scale=observed.scale,
            moved=observed.moved,
            markdown=self._markdown,
            code=self._code,
            statement=tuple(sentence for exercise in exercises for sentence in exercise.statement),
        )
        return {exercise.name: _view(shared, exercise, observed) for exercise in exercises}


def distinct(exercises: Sequence[Exercise]) -> list[tuple[Case, list[Exercise]]]:
    """Each distinct case once, with the exercises that need it; their calls are made in the same run."""
    found: dict[tuple[object, ...], list[tuple[Exercise, Case]]] = {}
    for exercise in exercises:
        for case in exercise.cases:
            found.setdefault(case.conditions, []).append((exercise, case))
    return [(merged(pairs), [exercise for exercise, _ in pairs]) for pairs in found.values()]


def merged(pairs: Sequence[tuple[Exercise, Case]]) -> Case:
    """The first of these cases, with what any of them watches, and their calls under names that tell whose they are."""
    calls = {(exercise.name, call.name): call for exercise, case in pairs for call in case.calls}
    named = [
        replace(call, name=f"{owner}.{name}", same_as=call.same_as and f"{owner}.{call.same_as}")
        for (owner, name), call in calls.items()
    ]
    hidden, rounds = (any(getattr(case, name) for _, case in pairs) for name in ("hidden", "rounds"))
    return replace(pairs[0][1], hidden=hidden, rounds=rounds, calls=tuple(named))


def _calls(case: Case, seed: int, inputs: dict[str, tuple[Any, ...]]) -> Calls:
    """Drawn when the code has been loaded, and noted in `inputs`."""
    for call in case.calls:
        name = call.same_as or call.name
        drawn = (oracle.draw(recipe, f"{name}.{i}", seed) for i, recipe in enumerate(call.arguments))
        inputs[call.name] = tuple(drawn)
    return [{"name": call.name, "arguments": _sent(call, inputs[call.name])} for call in case.calls]


def _sent(call: Call, drawn: Iterable[Any]) -> list[dict[str, Any]]:
    """Each argument with the form in which the student's function gets it."""
    forms = (recipe.get("as") for recipe in call.arguments)
    return [{str(form): given} if form else given for form, given in zip(forms, drawn, strict=True)]


def _view(shared: Seen, exercise: Exercise, observed: Observed) -> Seen:
    """With what is its own: hidden calls, under the names that it gave them."""
    prefix = f"{exercise.name}."
    inputs = {name.removeprefix(prefix): given for name, given in observed.inputs.items() if name.startswith(prefix)}
    called = (item for item in shared.log.all(Called) if item.call.startswith(prefix))
    own = tuple(replace(item, call=item.call.removeprefix(prefix)) for item in called)
    return replace(shared, called=own, inputs=inputs, mentions=exercise.mentions)


def _passages(submission: Submission, *kinds: str) -> Iterator[Passage]:
    for file in submission.files:
        for unit in file.units:
            if unit.kind in kinds:
                yield Passage(unit.where, cleaned(unit.text), unit.kind)
