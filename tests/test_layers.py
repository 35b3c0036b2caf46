"""Who may import what: the trust boundary is a folder boundary."""

import ast
from pathlib import Path

import pytest

from autograder import fingerprint

ROOT = Path(__file__).resolve().parent.parent
TRUSTED = sorted(p for p in [*ROOT.glob("autograder/**/*.py"), ROOT / "grade.py"] if "worker" not in p.parts)
WORKER = sorted(ROOT.glob("autograder/worker/**/*.py"))
GRADERS = sorted(ROOT.glob("graders/*.py"))
PURE = {
    "exhibits": set(),
    "phrase": set(),
    "remarks": {"phrase"},
    "model": {"exhibits", "phrase"},
    "packed": {"exhibits", "model"},
    "wire": set(),
    "oracle": set(),
    "words": set(),
    "text": set(),
    "evidence": {"remarks", "text", "wire"},
    "seen": {"evidence", "model", "words"},
    "gains": {"evidence", "judge", "model", "seen"},
    "tables": {"evidence", "seen"},
    "later": {"seen"},
    "judge": {"evidence", "later", "model", "phrase", "seen", "words"},
}


def imports(path):
    """Every module that a file imports, at any depth."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", [*TRUSTED, *GRADERS], ids=lambda p: str(p.relative_to(ROOT)))
def test_the_trusted_side_never_imports_torch_or_pickle(path):
    """No torch, no plotting, no pickle, no child code in the process that holds the answers."""
    forbidden = ("torch", "matplotlib", "pickle", "shelve", "autograder.worker")
    assert not [name for name in imports(path) if name.split(".")[0] in forbidden or name.startswith(forbidden)]


def test_only_the_cluster_knows_dask():
    """One machine needs none of it, installed or imported."""
    users = {path.parent for path in TRUSTED for name in imports(path) if name.split(".")[0] in ("dask", "distributed")}
    assert users == {ROOT / "autograder" / "cluster"}


@pytest.mark.parametrize("path", WORKER, ids=lambda p: str(p.relative_to(ROOT)))
def test_the_worker_knows_nothing_of_exercises(path):
    """Of ours, only the wire and its own folder stand beside a student's code."""
    ours = {name for name in imports(path) if name.startswith(("autograder", "graders", "exercises"))}
    assert not {name for name in ours if not name.startswith(("autograder.worker", "autograder.wire"))}


def test_nothing_that_decides_a_report_imports_what_shows_it():
    """A report that is kept stays true when a page changes: fingerprint.NO_JUDGES is left out of its key."""
    deciding = (
        "run cases later judge seen evidence words gains tables exhibits oracle observe reports kept model spec talk"
    )
    for name in deciding.split():
        packages = {i.split(".")[1] for i in imports(ROOT / "autograder" / f"{name}.py") if i.startswith("autograder.")}
        assert not packages & (fingerprint.NO_JUDGES - {"worker"}), name


@pytest.mark.parametrize("path", GRADERS, ids=lambda p: p.name)
def test_graders_are_numpy_and_the_judge(path):
    """A grader module reads evidence and makes claims: nothing else."""
    allowed = tuple(
        f"autograder.{name}" for name in ("evidence", "exhibits", "gains", "judge", "model", "oracle", "tables")
    )
    assert not [name for name in imports(path) if not name.startswith(("numpy", "re", *allowed))]


@pytest.mark.parametrize("name", sorted(PURE))
def test_the_core_stays_pure(name):
    """The nouns, the wire, the oracle and the judge import no more of ours than this."""
    found = {i.split(".")[1] for i in imports(ROOT / "autograder" / f"{name}.py") if i.startswith("autograder.")}
    assert found <= PURE[name]


@pytest.mark.parametrize("path", GRADERS, ids=lambda p: p.name)
def test_graders_hold_no_texts_and_catch_nothing(path):
    """Feedback stands in the YAML, and a grader that fails is our fault, seen by the judge."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Try)]
