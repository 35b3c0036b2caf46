"""autograde-Makefile and autograde.tar for Autolab, and the recipe of an image that has PyTorch in it."""

import io
import tarfile
from collections.abc import Mapping, Sequence

from autograder.bundle.contents import Wanted, below, code, exercises, is_script, requirements, script
from autograder.report import wording

FOLDER = "autograd-grader"  # that the tar unpacks to


def files(wanted: Wanted) -> dict[str, bytes]:
    inside = {**code(wanted), **exercises(wanted), "run.sh": script("autolab/run.sh", wanted)}
    return {
        "autograde-Makefile": script("autolab/Makefile", wanted),
        "autograde.tar": packed(below(FOLDER, inside)),
        "image/Dockerfile": script("autolab/Dockerfile", wanted),
        "image/requirements.txt": requirements(),
    }


def packed(files: Mapping[str, bytes]) -> bytes:
    """A plain tar, so that any tar unpacks it; the same files make the same bytes."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            member.mode = 0o755 if is_script(content) else 0o644
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def upload(wanted: Wanted) -> Sequence[str]:
    problems = ", ".join(f"{exercise.name} ({wording.points(exercise.max_points)})" for exercise in wanted.exercises)
    return (
        "build image/Dockerfile where Tango runs, and name that image in the autograder's settings",
        "upload both autograde files there, and give the assessment these problems: " + problems,
    )
