"""What may stand in an exercise's YAML, said once: `spec` reads by it, and editors complete and check by its schema."""

import json

from autograder.model import FORMS, OPERATIONS, RECIPES, SAMPLES, Limits
from autograder.shapes import Choice, Either, Flag, Key, List, NameOr, Number, Record, Table, Text

AS_WRITTEN = "as_written"  # the case that is there by itself
EXHIBIT = "exhibit"  # the function of a grader that picks out what is drawn; no criterion
MAX_ARGUMENTS = 4  # of a call
_BY_ITSELF = "is there by itself: it is the run that changes nothing; give this case another name"
_DRAWN = "cannot be: the name is kept for what is drawn; choose another"

_PAIR = List(Number(), "2 numbers", 2, 2)
_SIZES = List(Number(0, whole=True), "sizes")
_UNIFORM = Record(
    {
        "uniform": Key(_PAIR, "entries are drawn from [low, high]", required=True),
        "shape": Key(_SIZES, "of the argument; [] is a single number", required=True),
        "as": Key(Choice(FORMS), "in which form the function gets it; a tensor if nothing is said"),
    }
)
_MAP = Record(
    {"map": Key(List(Number(1, whole=True), "2 numbers", 2, 2), "a function: [outputs, inputs]", required=True)}
)
_FUNCTIONS = {
    name: Record({name: Key(List(Number(), f"{n} numbers", n, n), "a function, drawn from [low, high]", required=True)})
    for name, n in RECIPES.items()
}
_ARGUMENT = Either({**_FUNCTIONS, "map": _MAP, "uniform": _UNIFORM})
_CALL = NameOr(List(_ARGUMENT, f"one to {MAX_ARGUMENTS} arguments", 1, MAX_ARGUMENTS))
_CASE = Record(
    {
        "swap": Key(Choice(OPERATIONS, "operations that can be swapped:"), "autograd is told another derivative of it"),
        "seed": Key(Choice(("fresh",)), "random inputs are others"),
        "cotangents": Key(Choice(("scaled",)), "every backward pass starts from c times what it would start from"),
        "numbers": Key(Choice(("moved",)), "decimal fractions that stand alone in the code are others"),
        "samples": Key(Choice(SAMPLES), "data that the submission makes are others, as they are assigned"),
        "rounds": Key(Choice(("watched",)), "variables are looked at as a loop starts anew, and as a function returns"),
        "hidden": Key(Flag(), "students are shown relations, not the numbers of this case"),
        "together": Key(Flag(), "it may share its run with the conditions of other cases"),
        "calls": Key(Table(_CALL), "name → arguments of a student's function, or the name of an earlier call"),
    }
)
_LIMITS = Record(
    {
        "seconds": Key(Number(0.1), f"wall clock of one case; {Limits().seconds:g} if nothing is said"),
        "memory_mib": Key(Number(64), f"beside the warm process; {Limits().memory_mib} if nothing is said"),
    }
)
_TOLERANCE = Record(
    {
        "rtol": Key(Number(0), "relative to the larger of |want| and the median of the non-zero |want|"),
        "atol": Key(Number(0), "where all of want is 0"),
    }
)
_FEEDBACK = Table(Text())
_CRITERION = Record(
    {
        "title": Key(Text(), "what a student reads beside the points", required=True),
        "points": Key(Number(0), "what it is worth", required=True),
        "tolerance": Key(_TOLERANCE, "how near numbers have to be"),
        "feedback": Key(_FEEDBACK, "reason → what a student reads: at most 40 words, never the line that fixes it"),
    }
)
_CASES = Table(_CASE, never={AS_WRITTEN: _BY_ITSELF})
_CRITERIA = Table(_CRITERION, "criterion", never={EXHIBIT: _DRAWN})
EXERCISE = Record(
    {
        "title": Key(Text(), "one line, as in tables", required=True),
        "cases": Key(_CASES, "runs of the submission beside the one as written"),
        "limits": Key(_LIMITS, "what one case may use"),
        "mentions": Key(List(Text(pattern=True), "texts"), "regular expressions: what matches is about this exercise"),
        "statement": Key(List(Text(), "texts"), "sentences of the exercise text, which are nobody's answer"),
        "criteria": Key(_CRITERIA, "in the order shown; each is a function of the grader", required=True),
        "feedback": Key(_FEEDBACK, "texts that all criteria share"),
    }
)


def schema() -> str:
    """What may stand in an exercise's YAML, for editors: a JSON Schema, as exercises/schema.json holds it."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "An exercise"}
    return json.dumps(head | EXERCISE.schema, indent=2, ensure_ascii=False) + "\n"
