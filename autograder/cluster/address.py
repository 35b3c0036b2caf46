"""What --scheduler names, checked before anything is read or imported."""

import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from autograder.report.files import Refused

ROOT = Path(__file__).resolve().parents[2]
MOST_LOCAL = 1024
OPTIONS = ("--tls-ca", "--tls-cert", "--tls-key")
_LOCAL = re.compile(r"local:(\d{1,9})")
_ADDRESS = re.compile(r"(?:(tcp|tls)://)?(\[[0-9a-fA-F:.%]+\]|[^\s:/\[\]]+):(\d{1,5})")


@dataclass(frozen=True, slots=True)
class Address:
    """Of a scheduler; or, where `processes` is not 0, of one that we start ourselves with as many workers."""

    url: str = ""  # "tcp://host:port" or "tls://host:port"
    processes: int = 0
    tls: tuple[Path, ...] = ()  # authority, certificate and key; none: no encryption

    def __str__(self) -> str:
        return self.url or f"local:{self.processes}"


def parse(text: str, tls: tuple[Path | None, Path | None, Path | None] = (None, None, None)) -> Address:
    """What was typed. Raises Refused with a sentence."""
    files = _tls(tls)
    if not text:
        raise Refused(f"{', '.join(OPTIONS)} are for --scheduler tls://HOST:PORT, which is missing")
    if find_spec("distributed") is None:
        raise Refused(f"--scheduler needs the package distributed; install it: pip install -e '{ROOT}[cluster]'")
    if text.startswith("local:"):
        return _local(text, files)
    found = _ADDRESS.fullmatch(text)
    if not found or not 0 < int(found[3]) < 65536:
        raise Refused(f"--scheduler: expected tcp://HOST:PORT, tls://HOST:PORT or local:N, got {text!r}")
    scheme = found[1] or ("tls" if files else "tcp")
    if (scheme == "tls") != bool(files):
        wants = "needs --tls-ca, --tls-cert and --tls-key" if scheme == "tls" else "is not encrypted; say tls://"
        raise Refused(f"--scheduler: {text} {wants}")
    return Address(f"{scheme}://{found[2]}:{found[3]}", tls=files)


def _local(text: str, files: tuple[Path, ...]) -> Address:
    found = _LOCAL.fullmatch(text)
    if not found or not 1 <= int(found[1]) <= MOST_LOCAL:
        raise Refused(f"--scheduler: expected local:N with N from 1 to {MOST_LOCAL}, got {text!r}")
    if files:
        raise Refused(
            "--scheduler local:N stays on this machine; --tls-ca, --tls-cert and --tls-key go with an address"
        )
    return Address(processes=int(found[1]))


def _tls(files: tuple[Path | None, ...]) -> tuple[Path, ...]:
    """All three or none, and each can be read."""
    given = [file for file in files if file is not None]
    missing = [name for name, file in zip(OPTIONS, files, strict=True) if file is None]
    if given and missing:
        raise Refused(f"{', '.join(OPTIONS)} go together; there is no {' and no '.join(missing)}")
    for name, file in zip(OPTIONS, given, strict=False):
        try:
            file.open("rb").close()
        except OSError as error:
            raise Refused(f"{name}: {file} cannot be read: {error.strerror or error}") from None
    return tuple(given)
