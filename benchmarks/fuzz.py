"""Look for bytes that a reader trips over: `python benchmarks/fuzz.py TARGET --seconds N`, or `all` targets in turn.

The search is guided by coverage (atheris, the extra `fuzz`) and begins with the inputs of tests/hostile/seeds.py. It
ends at the first bug, whose input is kept in `crash-…` in the current folder; `--only FILE` runs that one again.
"""

import argparse
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

TARGETS = ("notebook", "script", "archive", "wire", "yaml", "gradescope", "sheet")
ALL = "all"
INSTRUMENTED = ["autograder.intake", "autograder.wire", "autograder.evidence", "autograder.spec", "autograder.sheet"]
BESIDE = ["yaml", "zipfile", "tarfile"]  # what the readers stand on


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("target", choices=(*TARGETS, ALL))
    parser.add_argument("--seconds", type=int, default=60, metavar="N", help="for each target (default: 60)")
    parser.add_argument("--only", metavar="FILE", help="run this input, and search for none")
    options = parser.parse_args()
    if find_spec("atheris") is None:
        print("benchmarks/fuzz.py: atheris is missing; install it: pip install -e '.[fuzz]'", file=sys.stderr)
        return 2
    targets = TARGETS if options.target == ALL else [options.target]
    return max([searched(target, options) for target in targets])


def searched(target, options):
    """0, or what libFuzzer said when it found something."""
    from tests.hostile.seeds import SEEDS  # not above: what is imported before the search is not instrumented

    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(SEEDS[target]):
            Path(corpus, str(number)).write_bytes(seed)
        work = [options.only] if options.only else [corpus, f"-max_total_time={options.seconds}"]
        # In a process of its own, because libFuzzer ends it.
        command = [sys.executable, "-c", "import fuzz; fuzz.search()", target, *work]
        done = subprocess.run(command, env={"PYTHONPATH": str(ROOT / "benchmarks")}, capture_output=True, check=False)
    print(f"{target}: {'a bug' if done.returncode else 'nothing found'}", flush=True)
    if done.returncode:
        sys.stderr.write((done.stdout + done.stderr).decode(errors="replace"))
    return done.returncode


def search():
    """libFuzzer's own main, on one reader and what it imports."""
    import atheris

    _, target, *work = sys.argv
    with atheris.instrument_imports(include=[*INSTRUMENTED, *BESIDE]):
        from tests.hostile.readers import READERS
    atheris.Setup(
        ["fuzz", *work, "-verbosity=0", "-max_len=16000", "-timeout=60", "-rss_limit_mb=4096"], READERS[target]
    )
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
