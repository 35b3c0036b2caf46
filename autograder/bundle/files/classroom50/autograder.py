"""Classroom 50 starts this once a submission, in the student's checkout: result.json and release-body.md come out.

An exit code other than 0 says that the grader itself failed, which is no mark; then there is no result.json.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

GRADER = Path(__file__).resolve().parent / "autograd-grader"
SECONDS = 900


def main() -> int:
    checkout = Path.cwd()
    (checkout / "result.json").unlink(missing_ok=True)  # one that was handed in is no result
    venv = os.environ.get("AUTOGRAD_VENV") or str(
        Path(os.environ.get("RUNNER_TEMP", tempfile.gettempdir())) / "autograd"
    )
    environment = {**os.environ, "AUTOGRAD_VENV": venv, "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        subprocess.run(["bash", GRADER / "setup.sh"], env=environment, check=True, timeout=SECONDS)  # noqa: S603, S607
        python = Path(venv) / "bin" / "python"
        command = [str(python), "-m", "autograder.hosts.classroom50", str(checkout)]
        return subprocess.run(command, cwd=GRADER, env=environment, check=False, timeout=SECONDS).returncode  # noqa: S603
    except (OSError, subprocess.SubprocessError) as error:
        print(f"::error::the grader could not be installed or did not come to its end: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
