"""Grade a folder of submissions: `python grade.py FOLDER`; `python grade.py --help` tells the rest."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 — this line is for the older Python that somebody starts it with
    sys.exit("grade.py needs Python 3.11 or newer; this is " + sys.version.split()[0])

from autograder.cli import main

if __name__ == "__main__":
    sys.exit(main())
