"""Runs a command behind a filter that does not know Landlock: `python -m tests.hostile.without_landlock COMMAND …`."""

import errno
import os
import sys

import pyseccomp


def main(*command: str) -> None:
    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    for name in ("landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"):
        rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), name)
    rules.load()
    os.execvp(command[0], command)  # noqa: S606  what we were asked to start


if __name__ == "__main__":
    main(*sys.argv[1:])
