"""The one folder a lane's submissions may write to: watched while one runs, emptied before the next."""

import fcntl
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

PREFIX = "grading-"  # of the folders of all workspaces
ALIVE = "alive"  # the file that is locked as long as their process lives
MOST_BYTES = 64 * 2**20
MOST_ENTRIES = 1000


@dataclass(frozen=True, slots=True)
class Workspace:
    """A folder, and the user that it belongs to (0: us)."""

    path: Path
    uid: int = 0

    def make(self) -> None:
        """The folder, private to its lane."""
        self.path.mkdir(mode=0o700)
        self._give(self.path)

    def furnish(self, files: Mapping[str, str]) -> None:
        """A submission's own scripts stand in its folder, so that one may import another."""
        for name, text in files.items():
            path = self.path / name
            for folder in reversed(path.relative_to(self.path).parents[:-1]):
                (self.path / folder).mkdir(exist_ok=True)
                self._give(self.path / folder)
            path.write_text(text, encoding="utf-8", errors="replace")
            self._give(path)

    def _give(self, path: Path) -> None:
        if self.uid:
            os.chown(path, self.uid, self.uid, follow_symlinks=False)

    def is_overfull(self) -> bool:
        """Too many entries or bytes. Looks at no more of them than it has to."""
        entries = size = 0
        waiting = [str(self.path)]
        while waiting:
            try:
                with os.scandir(waiting.pop()) as found:
                    for entry in found:
                        entries += 1
                        size += _size(entry)
                        if entries > MOST_ENTRIES or size > MOST_BYTES:
                            return True
                        if entry.is_dir(follow_symlinks=False):
                            waiting.append(entry.path)
            except OSError:
                continue  # it went away, or its owner closed it to everybody
        return False

    def empty(self) -> None:
        """Nothing of a submission is there for the next one. Raises OSError if that cannot be had."""
        with os.scandir(self.path) as found:
            stubborn = [entry.path for entry in found if not _is_removed(entry)]
        if stubborn:
            self._remove(stubborn)

    def _remove(self, paths: list[str]) -> None:
        """Python's rmtree ends in a RecursionError on a nest that is deep enough; rm does not."""
        for command in (["chmod", "-R", "u+rwX"], ["rm", "-rf", "--one-file-system"]):
            subprocess.run([*command, "--", *paths], capture_output=True, stdin=subprocess.DEVNULL, check=False)  # noqa: S603
        if os.listdir(self.path):
            raise OSError(f"{self.path} could not be emptied")


def _is_removed(entry: os.DirEntry[str]) -> bool:
    """Files and empty folders go at once."""
    try:
        (os.rmdir if entry.is_dir(follow_symlinks=False) else os.unlink)(entry.path)
    except OSError:
        return False
    return True


def _size(entry: os.DirEntry[str]) -> int:
    """Bytes on the disk; a file with holes takes less than it says, and what it says is limited already."""
    try:
        return entry.stat(follow_symlinks=False).st_blocks * 512
    except OSError:
        return 0


def alive(folder: Path) -> IO[bytes]:
    """Says that the folder is in use, until this is closed or the process ends in whatever way."""
    lock = (folder / f"{ALIVE}.new").open("wb")
    fcntl.flock(lock, fcntl.LOCK_EX)
    os.rename(lock.name, folder / ALIVE)  # nobody sees it unlocked
    return lock


def sweep() -> None:
    """Remove what processes that were killed have left."""
    for folder in _own():
        try:
            with (folder / ALIVE).open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                remove(folder)
        except OSError:
            continue  # in use, or being made


def _own() -> list[Path]:
    """Folders only: a link that somebody else put there leads nowhere."""
    with os.scandir(tempfile.gettempdir()) as entries:
        return [Path(entry.path) for entry in entries if entry.name.startswith(PREFIX) and _is_own_folder(entry)]


def _is_own_folder(entry: os.DirEntry[str]) -> bool:
    try:
        told = entry.stat(follow_symlinks=False)
    except OSError:
        return False  # it went away
    return stat.S_ISDIR(told.st_mode) and told.st_uid == os.geteuid()


def remove(folder: Path) -> None:
    """The folder of all workspaces, whatever is left in it."""
    folder.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)
