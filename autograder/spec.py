"""YAML → Exercise. Every key is known, every value has its type, and criteria and grader functions are the same set."""

import ast
import difflib
import importlib
import inspect
import math
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from reprlib import repr as shown  # the value in a message, which is to stay a sentence
from types import ModuleType
from typing import Any

import yaml

from autograder.model import SAMPLES, Call, Case, Criterion, Exercise, Limits, Tolerance
from autograder.oracle import FORMS, OPERATIONS, RECIPES

FOLDER = Path(__file__).resolve().parent.parent / "exercises"
AS_WRITTEN = Case("as_written")
_MAX_DIGITS = 18
MAX_ARGUMENTS = 4  # of a call
EXHIBIT = "exhibit"  # the function of a grader that picks out what is drawn; no criterion
GENERAL_REASONS = ("none", "shape", "dtype", "not_finite", "values", "not_executed", "in_words", "no_words")


class SpecError(Exception):
    """An exercise that cannot be used: where, what was found, what was expected."""


def load_all(folder: Path | None = None) -> dict[str, Exercise]:
    """Every exercise of a folder, by name, each checked against its grader."""
    paths = sorted((folder or FOLDER).glob("*.yaml"))
    if not paths:
        raise SpecError(f"{folder or FOLDER}: no exercise found; expected files such as jacobian.yaml")
    return {path.stem: load(path) for path in paths}


def load(path: Path) -> Exercise:
    """One exercise. Raises SpecError."""
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506  a SafeLoader
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"{path.name}: cannot be read: {error}") from None
    except yaml.YAMLError as error:
        raise SpecError(f"{path.name}: is not YAML: {_yaml_trouble(error)}") from None
    except RecursionError:
        raise SpecError(f"{path.name}: is nested too deeply; an exercise has five levels") from None
    exercise = _exercise(path.stem, _At(path.name), data)
    _check_grader(exercise, path.name, grader_of(exercise))
    return exercise


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


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Refuses a key that stands twice, of which YAML would take the last in silence, and says where a value is none."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        if isinstance(node, yaml.MappingNode):  # `!!set [a]` comes here as well
            _refuse_twice(node)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            value = super().construct_object(node, deep)
        except (ValueError, LookupError, AttributeError):
            # 2020-13-45, 0x_, `!!bool x`: each type of YAML trusts its own regular expression, or a tag, too far.
            problem = f"{shown(node.value)} is no value of its kind; if it is a text, put it in quotes"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark) from None
        if isinstance(value, int) and abs(value) >= 10**_MAX_DIGITS:
            problem = f"a whole number of more than {_MAX_DIGITS} digits"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
        return value


def _refuse_twice(node: yaml.MappingNode) -> None:
    keys = [key.value for key, _ in node.value]
    for key, child in node.value:
        if keys.count(key.value) > 1:
            problem = f"the key {shown(key.value)} stands twice"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=child.start_mark)


def _yaml_trouble(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or " ".join(str(error).split())
    return f"line {mark.line + 1}: {problem}" if mark else problem


class _At:
    """A place in a YAML file, for messages."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __truediv__(self, key: object) -> "_At":
        return _At(f"{self.path}: {key}" if self.path.endswith(".yaml") else f"{self.path}.{key}")

    def error(self, message: str) -> SpecError:
        return SpecError(f"{self.path} {message}" if not self.path.endswith(".yaml") else f"{self.path}: {message}")

    def mapping(self, value: Any, keys: Iterable[str] | None = None, required: Iterable[str] = ()) -> dict[str, Any]:
        """A mapping with text keys, all of them known and all required ones there."""
        if not isinstance(value, dict):
            raise self.error(f"has to be a mapping, got {shown(value)}")
        for key in value:
            self._known(key, keys)
        for key in required:
            if key not in value:
                raise self.error(f"has no key '{key}'")
        return value

    def _known(self, key: Any, keys: Iterable[str] | None) -> None:
        if not isinstance(key, str):
            raise self.error(f"has the key {shown(key)}, which YAML does not read as text; put it in quotes")
        if keys is not None and key not in keys:
            close = difflib.get_close_matches(key, list(keys), 1)
            hint = f"did you mean '{close[0]}'?" if close else f"known are {', '.join(keys)}"
            raise self.error(f"has an unknown key '{key}'; {hint}")

    def number(self, value: Any, least: float = 0.0) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            hint = "; YAML wants 1.0e-6" if isinstance(value, str) and re.fullmatch(r"[\d.]+e-?\d+", value) else ""
            raise self.error(f"has to be a number, got {shown(value)}{hint}")
        if not least <= value < math.inf:
            limit = "finite" if value == math.inf else f"at least {least:g}"
            raise self.error(f"has to be {limit}, got {shown(value)}")
        return float(value)

    def text(self, value: Any) -> str:
        if not isinstance(value, str) or not value.strip():
            raise self.error(f"has to be a text, got {shown(value)}")
        return value

    def flag(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise self.error(f"has to be true or false, got {shown(value)}")
        return value

    def texts(self, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list):
            raise self.error(f"has to be a list of texts, got {shown(value)}")
        return tuple((self / i).text(item) for i, item in enumerate(value))

    def patterns(self, value: Any) -> tuple[str, ...]:
        for i, pattern in enumerate(self.texts(value)):
            try:
                re.compile(pattern)
            except (re.error, OverflowError, RecursionError) as error:
                raise (self / i).error(f"is no regular expression ({error}): {shown(pattern)}") from None
        return self.texts(value)


_EXERCISE_KEYS = ("title", "criteria", "cases", "limits", "mentions", "statement", "feedback")


def _exercise(name: str, at: _At, data: Any) -> Exercise:
    data = at.mapping(data, _EXERCISE_KEYS, required=("title", "criteria"))
    shared = _feedback(at / "feedback", data.get("feedback", {}))
    criteria = (at / "criteria").mapping(data["criteria"])
    if not criteria:
        raise (at / "criteria").error("lists no criterion; expected at least one")
    return Exercise(
        name=name,
        title=(at / "title").text(data["title"]),
        criteria=tuple(_criterion(key, at / "criteria" / key, value, shared) for key, value in criteria.items()),
        cases=tuple(_case(k, at / "cases" / k, v) for k, v in (at / "cases").mapping(data.get("cases", {})).items()),
        limits=_limits(at / "limits", data.get("limits", {})),
        mentions=(at / "mentions").patterns(data.get("mentions", [])),
        statement=(at / "statement").texts(data.get("statement", [])),
    )


def _criterion(name: str, at: _At, data: Any, shared: Mapping[str, str]) -> Criterion:
    data = at.mapping(data, ("title", "points", "tolerance", "feedback"), required=("title", "points"))
    return Criterion(
        name=name,
        title=(at / "title").text(data["title"]),
        points=(at / "points").number(data["points"]),
        tolerance=_tolerance(at / "tolerance", data.get("tolerance", {})),
        feedback={**shared, **_feedback(at / "feedback", data.get("feedback", {}))},
    )


def _tolerance(at: _At, data: Any) -> Tolerance:
    return Tolerance(**{key: (at / key).number(value) for key, value in at.mapping(data, ("rtol", "atol")).items()})


def _feedback(at: _At, data: Any) -> dict[str, str]:
    return {key: (at / key).text(value) for key, value in at.mapping(data).items()}


def _limits(at: _At, data: Any) -> Limits:
    data = at.mapping(data, ("seconds", "memory_mib"))
    seconds = (at / "seconds").number(data.get("seconds", Limits().seconds), least=0.1)
    return Limits(seconds, int((at / "memory_mib").number(data.get("memory_mib", Limits().memory_mib), least=64)))


def _case(name: str, at: _At, data: Any) -> Case:
    data = at.mapping(data, ("swap", "seed", "cotangents", "numbers", "samples", "hidden", "calls"))
    if name == AS_WRITTEN.name:
        raise at.error("is there by itself: it is the run that changes nothing; give this case another name")
    if data.get("swap", "sin") not in OPERATIONS:
        raise (at / "swap").error(f"is {shown(data['swap'])}; {_operations(data['swap'])}")
    if data.get("seed", "fresh") != "fresh":
        raise (at / "seed").error(f"is {shown(data['seed'])}; the only other seed is 'fresh'")
    if data.get("cotangents", "scaled") != "scaled":
        raise (at / "cotangents").error(f"is {shown(data['cotangents'])}; the only other choice is 'scaled'")
    if data.get("numbers", "moved") != "moved":
        raise (at / "numbers").error(f"is {shown(data['numbers'])}; the only other choice is 'moved'")
    if data.get("samples", SAMPLES[0]) not in SAMPLES:
        raise (at / "samples").error(f"is {shown(data['samples'])}; known are {', '.join(SAMPLES)}")
    return Case(
        name=name,
        swap=data.get("swap", ""),
        fresh_seed="seed" in data,
        scaled="cotangents" in data,
        moved="numbers" in data,
        samples=data.get("samples", ""),
        hidden=(at / "hidden").flag(data.get("hidden", False)),
        calls=_calls(at / "calls", data.get("calls", {})),
    )


def _operations(unknown: Any) -> str:
    close = difflib.get_close_matches(str(unknown), OPERATIONS, 1)
    return f"did you mean '{close[0]}'?" if close else f"operations that can be swapped: {', '.join(OPERATIONS)}"


def _calls(at: _At, data: Any) -> tuple[Call, ...]:
    """In order; a call may be the name of an earlier one, whose arguments it gets once more."""
    calls: dict[str, Call] = {}
    for name, value in at.mapping(data).items():
        if isinstance(value, str) and value not in calls:
            raise (at / name).error(f"is to be called as {value!r}, which is no call before it")
        again = isinstance(value, str)
        calls[name] = Call(name, calls[value].arguments, value) if again else _call(name, at / name, value)
    return tuple(calls.values())


def _call(name: str, at: _At, data: Any) -> Call:
    if not isinstance(data, list) or not 1 <= len(data) <= MAX_ARGUMENTS:
        raise at.error(f"has to be a list of one to {MAX_ARGUMENTS} arguments, got {shown(data)}")
    recipes = tuple(_recipe(at / i, item) for i, item in enumerate(data))
    maps = [recipe["map"] for recipe in recipes if "map" in recipe]
    if maps and (len(recipes) != 2 or recipes[1].get("shape") != maps[0][1:]):
        raise at.error(f"has a map of {maps[0][-1]} inputs; the argument after it needs the shape [{maps[0][-1]}]")
    return Call(name, recipes)


def _recipe(at: _At, data: Any) -> dict[str, Any]:
    """{uniform: [low, high], shape: [sizes], as: …}, {map: [outputs, inputs]}, or another of oracle.RECIPES."""
    data = at.mapping(data, ("uniform", "shape", "as", "map", *RECIPES))
    for key, count in RECIPES.items():
        if key in data:
            return {key: _numbers(at / key, data[key], count=count)}
    if "map" in data:
        return {"map": _numbers(at / "map", data["map"], count=2)}
    if "uniform" not in data or "shape" not in data:
        raise at.error(f"has to have the keys 'uniform' and 'shape', or one of 'map', {', '.join(map(repr, RECIPES))}")
    if data.get("as", "tensor") not in FORMS:
        raise (at / "as").error(f"is {data['as']!r}; known are {', '.join(FORMS)}")
    return {
        "uniform": _numbers(at / "uniform", data["uniform"], count=2),
        "shape": _numbers(at / "shape", data["shape"]),
        "as": data.get("as", "tensor"),
    }


def _numbers(at: _At, data: Any, count: int | None = None) -> list[float]:
    numbers = isinstance(data, list) and all(isinstance(n, int | float) and not isinstance(n, bool) for n in data)
    if not numbers or (count is not None and len(data) != count):
        raise at.error(f"has to be a list of {count or 'some'} numbers, got {shown(data)}")
    return list(data)


def _check_grader(exercise: Exercise, where: str, grader: ModuleType) -> None:
    """YAML criteria ⇔ grader functions; parameters ⇔ cases."""
    functions = {
        name: f for name, f in vars(grader).items() if _is_own_function(f, grader) and not name.startswith("_")
    }
    path = f"graders/{exercise.name}.py"
    if any(criterion.name == EXHIBIT for criterion in exercise.criteria):
        raise SpecError(f"{where}: criteria.{EXHIBIT} cannot be: the name is kept for what is drawn; choose another")
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


def _check_reasons(exercise: Exercise, where: str, grader: ModuleType) -> None:
    """A text whose reason the grader never gives would be lost in silence."""
    nodes = list(ast.walk(ast.parse(inspect.getsource(grader))))
    given = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    given |= {node.arg for node in nodes if isinstance(node, ast.keyword) and node.arg} | set(GENERAL_REASONS)
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
