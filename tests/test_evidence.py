"""Records off the wire become observations or are refused; words are found and the exercise's own text is not."""

import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.evidence import KINDS, Pass, Text, error_kind, parse
from autograder.model import Case, Outcome
from autograder.seen import Log, Seen
from autograder.wire import MAX_LINE, Malformed
from autograder.words import Passage

STATEMENT = ("After running the function for backpropagation, immediately run it again and see what happens. Why?",)
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=3),
    st.lists(st.integers(), max_size=2),
    st.just(np.zeros(2)),
)


def seen(*observations, markdown=(), mentions=("backward",)):
    passages = tuple(Passage(where, text) for where, text in markdown)
    return Seen(
        Case("as_written"),
        Outcome.FINISHED,
        Log(observations),
        markdown=passages,
        mentions=mentions,
        statement=STATEMENT,
    )


@given(st.sampled_from([*KINDS, "nonsense", 7, None]), st.dictionaries(st.text(max_size=8), JUNK, max_size=4))
def test_a_record_is_an_observation_or_malformed(kind, fields):
    """Nothing else can come of it."""
    with contextlib.suppress(Malformed):
        assert type(parse({"kind": kind, **fields})) in KINDS.values()


@pytest.mark.parametrize("change", [{"name": "the_grade_is_10"}, {"name": ""}, {"name": None}, {"part": None}])
def test_a_child_cannot_say_what_it_likes(change):
    """A remark is a name that we know and one part of it, and the part is a text like any other."""
    record = {"kind": "remark", "order": 1, "where": "a.py, line 1", "line": 1, "name": "shell", "part": "ls"}
    assert parse(record).text == "`!ls` was not run: shell commands do nothing while grading"
    assert parse({**record, "part": "{part.__class__} \x1b[2J"}).text.startswith("`!{part.__class__} ` was not run")
    with pytest.raises(Malformed):
        parse({**record, **change})


NO_LINES = [{"line": line} for line in (True, "3", 2.0, None, -1, MAX_LINE + 1, [3])]


@pytest.mark.parametrize(
    "change", [{"order": True}, {"order": "1"}, {"where": None}, {"text": 3}, {"kind_of": []}, *NO_LINES]
)
def test_types_are_exact(change):
    """True is no number here, and None no text."""
    good = {"kind": "text", "order": 1, "where": "cell 1", "line": 7, "kind_of": "comment", "text": "x"}
    assert parse(good) == Text(1, "cell 1", "comment", "x", 7)
    with pytest.raises(Malformed):
        parse({**good, **change})


def test_a_reference_that_is_no_matrix_is_refused():
    """A forged leaf must not reach a grader."""
    leaf = dict(ident=1, x=None, dtype="", before=None, after=None, is_leaf=True, jacobian=np.zeros(3))
    record = {name: 0 for name in ("order", "line", "number", "repeat_of", "rebuilt_of", "of", "graph")} | {
        name: "" for name in ("where", "call", "within", "error")
    }
    record |= dict(kind="pass", root=None, weights=None, seed=None, ops={}, inner=[], leaves=[leaf], retained=[])
    record |= dict(recorded=True, retain=False, create=False)
    with pytest.raises(Malformed, match=r"Leaf\.jacobian"):
        parse(record)
    assert isinstance(parse({**record, "leaves": [{**leaf, "jacobian": np.zeros((1, 3))}]}), Pass)


@pytest.mark.parametrize(
    "text",
    [
        STATEMENT[0],
        "2. **After running the function for backpropagation, immediately run it again and see what happens. Why?**",
        "* After running the function for backpropagation,\nimmediately run it again and\nsee what happens. Why?",
        "After running `backward()` for backpropagation, immediately run it again and see what happens. Investigate.",
        "# The second backward pass",
    ],
)
def test_the_exercise_text_and_headings_are_nobodys_answer(text):
    """Numbered, in bold, wrapped, slightly other words."""
    assert seen(markdown=[("nb, cell 1", text)]).words("backward|run") == []


def test_an_answer_inside_the_exercise_list_is_found():
    """And quoted as it was written, with the code in it untouched."""
    answer = "The second y.backward() fails with x.grad = 4.0, as the graph was freed."
    (passage,) = seen(markdown=[("nb, cell 1", f"- {STATEMENT[0]}\n  {answer}")]).words()
    assert passage.text == answer


def test_what_stands_beside_comes_first():
    """After before before; nearer before farther; another file last."""
    where = ["nb, cell 2", "nb, cell 6", "nb, cell 4", "other, cell 5", "nb, cell 40"]
    notes = [(place, f"backward is explained right here in {place}") for place in where]
    near = Text(1, "nb, cell 5", "comment", "")
    assert [p.where for p in seen(markdown=notes).words(near=near)] == [
        where[1],
        where[2],
        where[0],
        where[4],
        where[3],
    ]


def test_beside_it_words_need_no_keyword():
    """“It stops” next to the cell is an explanation; far away it is not."""
    notes = [
        ("nb, cell 6", "It stops with an error, everything was thrown away"),
        ("nb, cell 30", "and now for something else here"),
    ]
    near = Text(1, "nb, cell 5", "comment", "")
    assert [p.where for p in seen(markdown=notes).words(near=near)] == ["nb, cell 6"]


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("Trying to backward through the graph a second time (or …", "second_time"),
        ("grad can be implicitly created only for scalar outputs", "scalar_outputs"),
        ("element 0 of tensors does not require grad and does not have a grad_fn", "no_graph"),
        ("only Tensors of floating point dtype can require gradients", "real_numbers"),
        ("Can't call numpy() on Tensor that requires grad. Use …", "still_in_graph"),
        ("something else", ""),
        ("", ""),
    ],
)
def test_errors_are_known_by_their_words(message, kind):
    """As torch says them."""
    assert error_kind(message) == kind


@pytest.mark.parametrize(
    ("place", "text", "counts"),
    [
        ("nb, cell 4", "My own words on a second pass.", True),
        ("nb, cell 4", "## A second pass", True),
        ("nb, cell 7", "My own words on a second pass.", True),
        ("nb, cell 6", "## A second pass", False),
        ("nb, cell 2", "My own words on a second pass.", False),
        ("nb, cell 9", "My own words on a second pass.", False),
        ("nb, cell 4", STATEMENT[0], False),
        ("hw.py, line 1", "My own words on a second pass.", False),
    ],
)
def test_words_count_around_what_they_speak_of(place, text, counts):
    """A little before, right after; a heading for what stands under it; the exercise's text for nobody."""
    near = Text(1, "nb, cell 5", "comment", "")
    assert seen(markdown=[(place, text)]).own_words_near("second|run it again", near) is counts
