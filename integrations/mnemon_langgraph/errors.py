"""What only this adapter can say about a failure."""

from __future__ import annotations

from mnemon import MnemonError

__all__ = ["CheckpointIncompleteError", "UnreadableTypeError"]


class UnreadableTypeError(MnemonError, TypeError):
    """A stored value is of a class that cannot be rebuilt here.

    Attributes:
        name: the class, as `module.Name`.
    """

    def __init__(self, module: str, name: str, reason: str) -> None:
        """Name the class, and say why and what to do."""
        self.name = f"{module}.{name}"
        super().__init__(f"a stored value is of the class {self.name}, {reason}")


class CheckpointIncompleteError(MnemonError, LookupError):
    """A checkpoint names values that are not stored any more.

    Attributes:
        thread_id: the thread.
        checkpoint_id: the checkpoint.
        channels: the channels whose values are gone.
    """

    def __init__(self, thread_id: str, checkpoint_id: str, channels: tuple[str, ...]) -> None:
        """Name the checkpoint and its channels, and say what may have happened."""
        self.thread_id = thread_id
        self.checkpoint_id = checkpoint_id
        self.channels = channels
        super().__init__(
            f"checkpoint {checkpoint_id!r} of thread {thread_id!r} has no value for {', '.join(channels)} any more: "
            f"it was erased with the person who wrote it, or pruned while this checkpoint was written; "
            f"go on from another checkpoint, or delete_thread() it"
        )
