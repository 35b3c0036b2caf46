"""A case that is run when a criterion looks at it, and not before: most wrong answers are decided without one."""

from collections.abc import Callable
from typing import Any

from autograder.seen import Seen

Look = Callable[[], Seen]


class Unproven(Exception):
    """A case that does not work with the torch that is installed."""


class Unseen(Exception):
    """A case could not be run, by no fault of the criterion that looked."""

    def __init__(self, why: Exception) -> None:
        super().__init__(str(why))
        self.why = why


class Later:
    """As the `Seen` that `look` gives, which is asked for with the first question."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._seen: Seen | None = None

    @property
    def seen(self) -> Seen | None:
        """What was looked at, if anybody looked."""
        return self._seen

    def __getattr__(self, name: str) -> Any:
        if self._seen is None:
            self._seen = _looked(self._look)
        return getattr(self._seen, name)


def _looked(look: Look) -> Seen:
    try:
        return look()
    except Unproven:
        raise
    except Exception as error:
        raise Unseen(error) from error
