"""The catalogue: every attack, by group."""

from tests.hostile.channel import CHANNEL
from tests.hostile.files import FILES
from tests.hostile.forgery import FORGERY
from tests.hostile.integrity import INTEGRITY
from tests.hostile.network import NETWORKS
from tests.hostile.processes import PROCESS
from tests.hostile.program import Program
from tests.hostile.resources import RESOURCES
from tests.hostile.text import TEXT

GROUPS: dict[str, tuple[Program, ...]] = {
    "processes": PROCESS,
    "network": NETWORKS,
    "files": FILES,
    "resources": RESOURCES,
    "channel": CHANNEL,
    "integrity": INTEGRITY,
    "forgery": FORGERY,
    "text": TEXT,
}
ALL = {program.id: program for programs in GROUPS.values() for program in programs}
