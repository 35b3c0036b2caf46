"""YAML → Exercise. Every key is known, every value has its type, and criteria and grader functions are the same set.

What may stand in the YAML is said once, in `form`.
"""

import ast
import difflib
import importlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from autograder import form, strict_yaml
from autograder.form import EXERCISE, EXHIBIT
from autograder.model import Call, Case, Criterion, Exercise, Limits, Tolerance
from autograder.shapes import At
from autograder.shapes import SpecError as SpecError

FOLDER = Path(__file__).resolve().parent.parent / "exercises"
AS_WRITTEN = Case(form.AS_WRITTEN)
GENERAL_REASONS = ("none", "shape", "dtype", "not_finite", "values", "not_executed", "in_words", "no_words")


def load_all(folder: Path | None = None, *, checked: bool = True) -> dict[str, Exercise]:
    """Every exercise of a folder, by name, each checked against its grader unless that is done later."""
    return {path.stem: load(path, checked=checked) for path in paths(folder)}


def paths(folder: Path | None = None) -> list[Path]:
    """The exercises of a folder. Raises SpecError if there are none."""
    found = sorted((folder or FOLDER).glob("*.yaml"))
    if not found:
        raise SpecError(f"{folder or FOLDER}: no exercise found; expected files such as jacobian.yaml")
    return found


def load(path: Path, *, checked: bool = True) -> Exercise:
    """One exercise. Raises SpecError."""
    exercise = _exercise(path.stem, At(path.name), strict_yaml.read(path))
    if checked:
        check(exercise)
    return exercise


def check(exercise: Exercise) -> None:
    """Against its grader. Raises SpecError."""
    _check_grader(exercise, f"{exercise.name}.yaml", grader_of(exercise))


def grader_of(exercise: Exercise) -> ModuleType:
    """The grader module of an exercise: graders/NAME.py."""
    try:
        return importlib.import_module(f"graders.{exercise.name}")
    except ModuleNotFoundError as error:
        if error.name != f"graders.{exercise.name}":
            raise SpecError(f"graders/{exercise.name}.py: imports {error.name}, which is not installed") from None
        raise SpecError(f"graders/{exercise.name}.py: not found, but exercises/{exercise.name}.yaml needs it") from None
    except ImportError as error:
        raise SpecError(f"graders/{exercise.name}.py: {error}") from None
    except SyntaxError as error:
        raise SpecError(f"graders/{exercise.name}.py: line {error.lineno} is not Python: {error.msg}") from None


def on_hidden_cases(exercise: Exercise) -> set[str]:
    """The criteria that look at a hidden case."""
    grader, hidden = grader_of(exercise), {case.name for case in exercise.cases if case.hidden}
    seen = {one.name: inspect.signature(getattr(grader, one.name)).parameters for one in exercise.criteria}
    return {name for name, parameters in seen.items() if not hidden.isdisjoint(parameters)}


def _exercise(name: str, at: At, data: Any) -> Exercise:
    read = EXERCISE.read(at, data)
    shared = read.get("feedback", {})
    return Exercise(
        name=name,
        title=read["title"],
        criteria=tuple(_criterion(key, value, shared) for key, value in read["criteria"].items()),
        cases=tuple(_case(key, at / "cases" / key, value) for key, value in read.get("cases", {}).items()),
        limits=_limits(**read.get("limits", {})),
        mentions=read.get("mentions", ()),
        statement=read.get("statement", ()),
    )


def _criterion(name: str, read: Mapping[str, Any], shared: Mapping[str, str]) -> Criterion:
    feedback = {**shared, **read.get("feedback", {})}
    return Criterion(name, read["title"], float(read["points"]), _tolerance(**read.get("tolerance", {})), feedback)


def _tolerance(rtol: float = Tolerance().rtol, atol: float = Tolerance().atol) -> Tolerance:
    return Tolerance(float(rtol), float(atol))


def _limits(seconds: float = Limits().seconds, memory_mib: float = Limits().memory_mib) -> Limits:
    return Limits(float(seconds), int(memory_mib))


def _case(name: str, at: At, read: Mapping[str, Any]) -> Case:
    if read.get("together") and {"numbers", "samples"} & set(read):
        raise (at / "together").error("cannot be true where numbers or samples are others: that is another program")
    return Case(
        name=name,
        swap=read.get("swap", ""),
        fresh_seed="seed" in read,
        scaled="cotangents" in read,
        moved="numbers" in read,
        samples=read.get("samples", ""),
        rounds="rounds" in read,
        hidden=read.get("hidden", False),
        together=read.get("together", False),
        calls=_calls(at / "calls", read.get("calls", {})),
    )


def _calls(at: At, read: Mapping[str, Any]) -> tuple[Call, ...]:
    """In order; a call may be the name of an earlier one, whose arguments it gets once more."""
    calls: dict[str, Call] = {}
    for name, value in read.items():
        if isinstance(value, str) and value not in calls:
            raise (at / name).error(f"is to be called as {value!r}, which is no call before it")
        again = isinstance(value, str)
        calls[name] = Call(name, calls[value].arguments, value) if again else _call(name, at / name, value)
    return tuple(calls.values())


def _call(name: str, at: At, read: Sequence[Mapping[str, Any]]) -> Call:
    maps = [recipe["map"] for recipe in read if "map" in recipe]
    if maps and (len(read) != 2 or read[1].get("shape") != maps[0][1:]):
        raise at.error(f"has a map of {maps[0][-1]} inputs; the argument after it needs the shape [{maps[0][-1]}]")
    return Call(name, tuple({"as": "tensor", **recipe} if "uniform" in recipe else recipe for recipe in read))


# ---------------------------------------------------------------------------------- what its grader has to have


def _check_grader(exercise: Exercise, where: str, grader: ModuleType) -> None:
    """YAML criteria ⇔ grader functions; parameters ⇔ cases."""
    functions = {
        name: f for name, f in vars(grader).items() if _is_own_function(f, grader) and not name.startswith("_")
    }
    path = f"graders/{exercise.name}.py"
    _check_exhibit(path, functions.pop(EXHIBIT, None))
    wanted = {"attempted", *(criterion.name for criterion in exercise.criteria)}
    for name in sorted(wanted - set(functions)):
        raise SpecError(f"{path} has no function `{name}`, which exercises/{where} needs")
    for name in sorted(set(functions) - wanted):
        raise SpecError(
            f"{path} has a function `{name}`, which is no criterion of exercises/{where}; start its name with _"
        )
    for name, function in functions.items():
        _check_parameters(exercise, f"{path}: {name}", function)
    _check_reasons(exercise, where, grader)


def _check_exhibit(path: str, function: Callable[..., object] | None) -> None:
    """Nothing of a hidden case may ever be drawn."""
    if function and list(inspect.signature(function).parameters) != [AS_WRITTEN.name]:
        raise SpecError(f"{path}: {EXHIBIT} has to have one parameter, {AS_WRITTEN.name}: hidden runs are never drawn")


def reasons(grader: ModuleType) -> set[str]:
    """All that a grader may give as one: its texts and its keywords, and the general ones."""
    nodes = list(ast.walk(ast.parse(inspect.getsource(grader))))
    given = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return given | {node.arg for node in nodes if isinstance(node, ast.keyword) and node.arg} | set(GENERAL_REASONS)


def _check_reasons(exercise: Exercise, where: str, grader: ModuleType) -> None:
    """A text whose reason the grader never gives would be lost in silence."""
    given = reasons(grader)
    for criterion in exercise.criteria:
        for reason in criterion.feedback:
            if reason not in given:
                close = difflib.get_close_matches(reason, given, 1)
                hint = f"; did you mean '{close[0]}'?" if close else ""
                raise SpecError(f"{where}: feedback for '{reason}', which graders/{exercise.name}.py never gives{hint}")


def _is_own_function(value: object, grader: ModuleType) -> bool:
    return inspect.isfunction(value) and value.__module__ == grader.__name__


def _check_parameters(exercise: Exercise, where: str, function: Callable[..., object]) -> None:
    known = [AS_WRITTEN.name, *(case.name for case in exercise.cases)]
    for name in inspect.signature(function).parameters:
        if name not in known:
            raise SpecError(
                f"{where} looks at a case `{name}`, which its YAML does not have; cases are {', '.join(known)}"
            )
