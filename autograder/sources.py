"""Files that were read before need not be read again: their text is kept under a digest of their bytes."""

import json
from collections.abc import Callable
from dataclasses import replace

from autograder import fingerprint, phrase
from autograder.intake.source import Understood
from autograder.model import SourceFile
from autograder.packed import Units
from autograder.store import Store, key_of


class Sources:
    """What a store knows of files, if there is one, and what it does not know yet."""

    def __init__(self, store: Store | None) -> None:
        self._store = store
        self._reading = fingerprint.of_reading()
        self._fresh: dict[bytes, tuple[str, bytes]] = {}

    def remember(self, name: str, digest: str, read: Callable[[], Understood]) -> Understood:
        """What is known of this file, or else what `read` gives."""
        key = key_of(self._reading, name, digest)
        known = self._store.source(key) if self._store else None
        if known:
            return _understood(name, digest, *known)
        file, remark = read()
        units = Units.of(file.units)
        facts = [phrase.document(file.trouble), file.frameworks, phrase.document(remark), len(units)]
        self._fresh[key] = json.dumps(facts), units.packed
        return replace(file, units=units), remark

    def keep(self, store: Store) -> None:
        """What was not known."""
        if self._fresh:
            store.keep_sources((key, *told) for key, told in self._fresh.items())


def _understood(name: str, digest: str, facts: str, packed: bytes) -> Understood:
    trouble, frameworks, remark, size = json.loads(facts)
    file = SourceFile(name, digest, Units(size, packed), phrase.parsed(trouble), tuple(frameworks))
    return file, phrase.parsed(remark)
