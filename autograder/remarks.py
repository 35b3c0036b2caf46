"""What a child may remark on: a name and at most one part come over the wire, and the words stand here.

A name that is not here is refused like any other record that does not fit.
"""

from collections.abc import Mapping
from types import MappingProxyType

from autograder.phrase import Phrase

NOT_ALLOWED = "not allowed while grading"  # it says more than the error that it explains

REMARKS: Mapping[str, str] = MappingProxyType(
    {
        "cuda": "cuda was read as cpu: there is no GPU while grading",
        "stand_in": "`{part}` was answered by our stand-in for d2l",
        "curly_quotes": "curly quotes were read as straight ones for the run",
        "shell": "`!{part}` was not run: shell commands do nothing while grading",
        "loader": ("DataLoader(num_workers={part}) loaded without workers: processes are not allowed while grading"),
        "compiler": "torch.compile ran with backend='eager': compilers are not allowed while grading",
        "programs": "not allowed while grading: starting other programs",
        "network": "not allowed while grading: the network",
        "processes": "not allowed while grading: starting other processes",
        "files": "not allowed while grading: files outside the submission's own folder",
        "system": "not allowed while grading: asking the system for this (processes, network, other users)",
    }
)


def sentence(name: str, part: str) -> str:
    """The remark of this name. Raises KeyError."""
    return Phrase(REMARKS[name], part=part)
