"""What a row of the catalogue is, and the honest answers that every attack stands between."""

from dataclasses import dataclass, field

from autograder import oracle

SEED = 20_260_821  # of every run of the catalogue
ANOTHER_SEED = f"torch.initial_seed() == {oracle.seed_of_the_run(SEED, fresh=True)}"  # in a fresh case

SINE = """
import torch
import matplotlib.pyplot as plt
x = torch.linspace(-3, 3, 50, requires_grad=True)
y = torch.sin(x)
y.sum().backward()
plt.plot(x.detach(), y.detach())
plt.plot(x.detach(), x.grad)
plt.show()
"""
CONTROL_FLOW = """
import torch
def f(a):
    b = a * 2
    while b.norm() < 1000:
        b = b * 2
    return b if b.sum() > 0 else 100 * b
a = torch.tensor([0.5, -1.0, 2.0, 0.25, 1.5], requires_grad=True)
d = f(a)
d.sum().backward()
print(torch.allclose(a.grad, d / a))
"""
TYPED_IN = """
import torch
import matplotlib.pyplot as plt
x = torch.linspace(-3, 3, 50)
y = torch.sin(x)
plt.plot(x, y)
plt.plot(x, torch.cos(x))
plt.show()
"""
NOTHING = "import torch\n"

# What the student reads.
PROGRAMS = "not allowed while grading: starting other programs"
PROCESSES = "not allowed while grading: starting other processes"
NETWORK = "not allowed while grading: the network"
SYSTEM = "not allowed while grading: asking the system for this"
OUTSIDE = "not allowed while grading: files outside the submission's own folder"
AGAIN = "It was run again without that, and what follows counts."
ENDED = "ended the Python process itself"
ANYTHING = ("",)  # or nothing
SIGNAL = "the Python process was ended by a signal"
LATE = "it was still running after"
OVERFULL = "it wrote more than"
UNREADABLE = "what came back from it could not be read"

# Needs raw system calls, by the numbers of x86-64.
RAW = """
import ctypes, os
_libc = ctypes.CDLL(None, use_errno=True)
def raw(number, *arguments):
    result = _libc.syscall(number, *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
def refused(*numbers):
    for number in numbers:
        try:
            raw(number, 0, 0, 0, 0, 0)
        except PermissionError:
            continue
        raise RuntimeError(f"call {number} was not refused")
"""
IN_C = "called into C through ctypes"


@dataclass(frozen=True)
class Program:
    """An attack, and what has to come out of the submission that it stands in."""

    id: str
    what: str
    attack: str
    outcome: tuple[str, ...] = ("finished",)  # any of them
    student: tuple[str, ...] = ()  # one of them stands in some remark; none given: no remark at all is asked for
    silent: bool = False  # the student reads nothing at all
    instructor: str = ""  # stands in some act
    before: str = SINE
    after: str = CONTROL_FLOW
    points: dict[str, float] | None = None  # exercise → points; None: those without the attack; {}: no more than those
    read_only: tuple[str, ...] = ()  # what the student reads where nothing can be written, if that is something else
    written_outcome: tuple[str, ...] = ()  # the same for the outcome
    known: dict[str, str] = field(
        default_factory=dict
    )  # what does not hold yet, maybe only on one rung: "student@root"
    raw: bool = False  # by numbers of one architecture
    cells: bool = False  # a notebook of three cells rather than a script

    @property
    def source(self) -> str:
        return f"{self.before}\n{self.attack}\n{self.after}"

    @property
    def without(self) -> str:
        """The same submission without the attack."""
        return f"{self.before}\n{self.after}"


def row(id: str, what: str, attack: str, student: str | tuple[str, ...] = (), **rest) -> Program:
    """A line of a table; one sentence need not be written as a tuple."""
    rest = {
        key: (value,) if key in ("outcome", "read_only", "written_outcome") and isinstance(value, str) else value
        for key, value in rest.items()
    }
    return Program(id, what, attack, student=(student,) if isinstance(student, str) else student, **rest)


def raw(id: str, what: str, attack: str, student: str | tuple[str, ...] = SYSTEM, **rest) -> Program:
    """A line that makes a system call of its own."""
    return row(id, what, RAW + attack, student, raw=True, **{"instructor": IN_C, **rest})


def ended(id: str, what: str, attack: str, student: str | tuple[str, ...] = ENDED, **rest) -> Program:
    """A line that ends the child: it is left out of a second run, and the instructor reads of it."""
    return row(id, what, attack, student, **{"outcome": "died", **rest})


def endless(id: str, what: str, attack: str, student: str | tuple[str, ...] = LATE, **rest) -> Program:
    """A line that takes all the time: it is left out of a second run."""
    return row(id, what, attack, student, **{"outcome": "timed_out", **rest})
