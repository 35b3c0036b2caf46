"""What is held of each submission of a class, compressed until somebody looks: the text of files, what pictures show.

Most of it is only looked at where a run or a page is made, which for what is known already is never.
"""

import base64
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self, overload

from autograder.model import Unit

if TYPE_CHECKING:  # it imports what takes time
    from autograder.exhibits import Exhibit


def _packed(documents: object) -> bytes:
    return zlib.compress(json.dumps(documents).encode(), level=1)


class Units(Sequence[Unit]):
    """The units of a file; equal to a tuple of the same ones."""

    __slots__ = ("_size", "packed")

    def __init__(self, size: int, packed: bytes) -> None:
        self._size, self.packed = size, packed

    @classmethod
    def of(cls, units: Sequence[Unit]) -> "Units":
        if isinstance(units, cls):
            return units
        return cls(len(units), _packed([[unit.file, unit.kind, unit.label, unit.text, unit.saved] for unit in units]))

    def _unpacked(self) -> tuple[Unit, ...]:
        return tuple(Unit(*unit) for unit in json.loads(zlib.decompress(self.packed)))

    def __iter__(self) -> Iterator[Unit]:
        return iter(self._unpacked())

    @overload
    def __getitem__(self, index: int) -> Unit: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Unit, ...]: ...
    def __getitem__(self, index: int | slice) -> Unit | tuple[Unit, ...]:
        return self._unpacked()[index]

    def __len__(self) -> int:
        return self._size

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Units) and other.packed == self.packed:
            return True
        return isinstance(other, Units | tuple) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(self._unpacked())


class Packed(Mapping[str, tuple["Exhibit", ...]]):
    """Exercise → exhibits."""

    __slots__ = ("_names", "_packed")

    def __init__(self, names: Iterable[str] = (), packed: bytes = b"") -> None:
        self._names, self._packed = tuple(names), packed

    @classmethod
    def of(cls, shown: Mapping[str, Iterable["Exhibit"]]) -> "Packed":
        if isinstance(shown, cls) or not shown:
            return shown if isinstance(shown, cls) else cls()
        from autograder import exhibits

        documents = {name: list(map(exhibits.document, found)) for name, found in shown.items()}
        return cls(documents, _packed(documents))

    @classmethod
    def parsed(cls, data: Mapping[str, Any]) -> Self:
        """What `document` wrote, read again."""
        return cls(data["of"], base64.b64decode(data["packed"]))

    def document(self) -> dict[str, Any]:
        """As plain data for JSON, compressed as it is."""
        return {"of": list(self._names), "packed": base64.b64encode(self._packed).decode()}

    def __getitem__(self, name: str) -> tuple["Exhibit", ...]:
        if name not in self._names:
            raise KeyError(name)
        from autograder import exhibits

        return tuple(map(exhibits.parsed, json.loads(zlib.decompress(self._packed))[name]))

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
