"""Every error that mnemon raises on purpose, in one tree.

```
MnemonError
├── ConfigError(ValueError)            a setting is wrong or unknown
├── MissingExtraError(ImportError)     an optional dependency is not installed
├── ClosedError(RuntimeError)          used after close, or carried over a fork
├── ScopeError(ValueError)             no scope, or an id that cannot be one
├── InvalidInputError(ValueError)      a value that cannot be stored or understood
│   ├── InvalidFilterError             a filter with an unknown operator, field or type
│   └── DimensionMismatchError         a vector of the wrong length for its space
├── NotFoundError(LookupError)         nothing there under that id, in that scope
├── ConflictError(RuntimeError)        what was to be changed has been changed meanwhile
├── EmbeddingError                     an embedder gave no usable vectors
│   └── EmbedderUnavailableError       it did not answer in time; the call may be repeated
└── StoreError                         the storage could not do what was asked
    ├── StoreConflictError             a precondition of a batch did not hold
    ├── SchemaMismatchError            the stored schema does not fit what was declared
    ├── StoreCorruptError              the stored bytes are damaged
    ├── StoreFullError                 no room left, nothing of the batch was written
    ├── StoreReadOnlyError             the storage cannot be written
    └── StoreUnavailableError          no answer in time; the call may be repeated
```

Messages and attributes never hold memory text, payloads, metadata values, search terms, vectors
or keys. They name ids, fields, types, limits, and the value of an option or a time, cut to 40
characters, and say what to do about it. They can be pickled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "ClosedError",
    "ConfigError",
    "ConflictError",
    "DimensionMismatchError",
    "EmbedderUnavailableError",
    "EmbeddingError",
    "InvalidFilterError",
    "InvalidInputError",
    "MissingExtraError",
    "MnemonError",
    "NotFoundError",
    "SchemaMismatchError",
    "ScopeError",
    "StoreConflictError",
    "StoreCorruptError",
    "StoreError",
    "StoreFullError",
    "StoreReadOnlyError",
    "StoreUnavailableError",
]


class MnemonError(Exception):
    """Root of every error that mnemon raises on purpose."""

    def __reduce__(self) -> tuple[object, ...]:
        """Restore by attributes: constructors take facts, not messages."""
        return _restore, (type(self), self.args, self.__dict__)


def _restore(kind: type[MnemonError], args: tuple[object, ...], facts: dict[str, object]) -> MnemonError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(facts)
    return error


class ConfigError(MnemonError, ValueError):
    """A setting is wrong or unknown; the message names it."""


class MissingExtraError(MnemonError, ImportError):
    """An optional dependency is not installed; the message holds the pip line."""

    def __init__(self, feature: str, extra: str) -> None:
        """Say that `feature` needs the extra `extra`.

        Who reads this has mnemon installed, and pip takes an extra from what is installed, wherever that came
        from. So the line also works outside of the checkout that the documentation installs from.
        """
        self.feature = feature
        self.extra = extra
        super().__init__(f'{feature} is not installed; run: pip install "mnemon[{extra}]"')


class ClosedError(MnemonError, RuntimeError):
    """The object was closed, or belongs to another process."""


class ScopeError(MnemonError, ValueError):
    """No scope was given, or a scope id cannot be one."""


class InvalidInputError(MnemonError, ValueError):
    """A value cannot be stored exactly or does not mean anything here."""


class InvalidFilterError(InvalidInputError):
    """A filter is not understood: the message names the operator, field or value type."""


class DimensionMismatchError(InvalidInputError):
    """A vector's length is not its space's.

    Attributes:
        space: name of the vector space.
        expected: dimensions of the space.
        got: length of the vector that was refused.
    """

    def __init__(self, space: str, *, expected: int, got: int) -> None:
        """Name the space and both lengths."""
        self.space = space
        self.expected = expected
        self.got = got
        super().__init__(
            f"vector space {space!r} holds {expected} dimensions, this vector has {got}; "
            f"use the embedder that the space was declared with"
        )


class NotFoundError(MnemonError, LookupError):
    """Nothing is stored under that id in that scope."""


class ConflictError(MnemonError, RuntimeError):
    """What was to be changed has been changed meanwhile, and nothing was written; or no version of it is current.

    Attributes:
        memory_ids: the memories that changed.
        operations: ids of the operations that changed them, as far as they are known.
    """

    def __init__(self, message: str, *, memory_ids: Sequence[str], operations: Sequence[str] = ()) -> None:
        """Say what changed and what to do."""
        self.memory_ids = tuple(memory_ids)
        self.operations = tuple(operations)
        super().__init__(message)


class EmbeddingError(MnemonError):
    """An embedder gave no usable vectors; the message names it and what it gave instead."""


class EmbedderUnavailableError(EmbeddingError):
    """An embedder did not answer in time; the same call may be repeated."""


class StoreError(MnemonError):
    """The storage could not do what was asked."""


class StoreConflictError(StoreError):
    """A precondition of a batch did not hold; where batches are atomic, nothing was written.

    Attributes:
        collection: collection of the write that was refused.
        id: row id that it was about.
        index: position of that write in the batch, from 0.
    """

    def __init__(self, collection: str, row_id: str, index: int, reason: str) -> None:
        """Name the write that was refused and why."""
        self.collection = collection
        self.id = row_id
        self.index = index
        super().__init__(
            f"write {index} of the batch (row {row_id!r} of {collection!r}) was refused: {reason}; "
            f"read the row again and decide anew"
        )


class SchemaMismatchError(StoreError):
    """What is stored does not fit what was declared; the message names each difference.

    Attributes:
        differences: one sentence per difference.
    """

    def __init__(self, message: str, differences: Sequence[str] = ()) -> None:
        """Say what does not fit and what to do."""
        self.differences = tuple(differences)
        super().__init__(message)


class StoreCorruptError(StoreError):
    """The stored bytes are damaged; the message says how to recover."""


class StoreFullError(StoreError):
    """There was no room for a batch, and nothing of it was written."""


class StoreReadOnlyError(StoreError):
    """The storage can be read but not written."""


class StoreUnavailableError(StoreError):
    """The storage did not answer in time; the same call may be repeated."""
