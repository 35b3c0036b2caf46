"""What authors see: tables, and below them in sentences what is not well."""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder.kit.accepted import Accepted
from autograder.kit.check import CaseShown, Shown
from autograder.kit.trials import Fate, Trial
from autograder.model import Exercise
from autograder.report import wording

WIDE = 140  # columns, for files and pipes
LEFT = (Fate.SURVIVED, Fate.BROKE)


def samples(found: Sequence[Shown], faults: Sequence[str], count: int) -> None:
    """Of each exercise its samples, and of each of its cases what it tells; then what is wrong."""
    table = _table("exercise, case", "right", "wrong", "mistakes told", "decides", "looked at by")
    for one in found:
        texts = {reason for case in one.cases for reason in (*case.told, *case.untold)}
        told = {reason for case in one.cases for reason in case.told}
        table.add_row(
            Text(one.exercise.name, "bold"), str(one.right), str(one.wrong), f"{len(told)} of {len(texts)}", "", ""
        )
        for case in one.cases:
            table.add_row(f"  {case.name}", "", "", _tells(case), _decides(case), _lookers(case, one.by_a_person))
    console = _console()
    console.print(table)
    console.print()
    _list(console, faults)
    well = f"{count} samples come out as stated, and every feedback text is earned by one"
    ill = "1 thing is not well" if len(faults) == 1 else f"{len(faults)} things are not well"
    console.print(Text(ill if faults else well, "red" if faults else "green"))


def _tells(case: CaseShown) -> str:
    return f"{len(case.told)} of {len(case.told) + len(case.untold)}"


def _decides(case: CaseShown) -> str:
    return "" if case.decides is None else str(case.decides)


def _lookers(case: CaseShown, by_a_person: Sequence[str]) -> str:
    return ", ".join(f"{name} (a person)" if name in by_a_person else name for name in case.criteria)


def mutants(
    wanted: Iterable[Exercise], trials: Sequence[Trial], known: Sequence[Accepted], *, complete: bool, verbose: bool
) -> bool:
    """Of each exercise what became of its mutants; then those that survived. True if one did that nobody accepted.

    `complete`: all were made, so what is accepted has to be among them. `verbose`: with those that were excused.
    """
    accepted = {id(t) for t in trials if t.fate is Fate.SURVIVED and any(one.is_of(t) for one in known)}
    left = [trial for trial in trials if trial.fate in LEFT and id(trial) not in accepted]
    table = _table("exercise", "made", "refused", "survived", "share", "accepted", "other x", "other f", "same")
    names = [exercise.name for exercise in wanted]
    for name in names:
        table.add_row(name, *_row([t for t in trials if t.exercise == name], accepted))
    if len(names) > 1:
        table.add_section()
        table.add_row("all", *_row(trials, accepted))
    console = _console()
    console.print(table)
    console.print()
    excused = [trial for trial in trials if trial.fate in (Fate.ELSEWHERE, Fate.OTHER_FUNCTION)]
    for trial in [*(excused if verbose else ()), *left]:
        _show(console, trial)
    made = [exercise for exercise in names]
    stale = [one for one in known if complete and one.exercise in made and not any(one.is_of(t) for t in trials)]
    _list(console, (f"accepted_mutants.yaml: {s.exercise}, {s.sample}: {s.was!r} is not made any more" for s in stale))
    sentence = f"{len(left)} kept full points" if left else "every mutant that matters is refused"
    console.print(Text(sentence, "red" if left else "green"))
    return bool(left or stale)


def _row(trials: Sequence[Trial], accepted: set[int]) -> Iterator[str]:
    fates = Counter(trial.fate for trial in trials if id(trial) not in accepted)
    survived = sum(fates[fate] for fate in LEFT)
    judged = fates[Fate.REFUSED] + survived
    yield from (str(len(trials)), str(fates[Fate.REFUSED]), str(survived))
    yield f"{fates[Fate.REFUSED] / judged:.1%}" if judged else "–"
    yield from (str(sum(id(trial) in accepted for trial in trials)), str(fates[Fate.ELSEWHERE]))
    yield from (str(fates[Fate.OTHER_FUNCTION]), str(fates[Fate.NO_DIFFERENCE]))


def _show(console: Console, trial: Trial) -> None:
    """Where it is, and the line before and after."""
    mutant = trial.mutant
    place = f"{trial.exercise}, {trial.sample}: {mutant.where}: {mutant.operator.name}"
    console.print(Text(wording.clean(f"{place}; {trial.fate.value}: {trial.criterion}")))
    console.print(Text(f"  - {wording.clean(mutant.line.strip())}", "red"))
    console.print(Text(f"  + {wording.clean(mutant.instead.strip())}", "green"))


def _list(console: Console, sentences: Iterable[str]) -> None:
    for sentence in sentences:
        console.print(Text(f"✗ {wording.clean(sentence)}", "red"))


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim", pad_edge=False)
    table.add_column(first, no_wrap=True)
    for name in others:
        table.add_column(name, justify="left" if name == "looked at by" else "right", overflow="fold")
    return table


def _console() -> Console:
    width = None if sys.stdout.isatty() else WIDE
    return Console(file=sys.stdout, markup=False, emoji=False, highlight=False, width=width)
