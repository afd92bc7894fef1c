"""What turns texts into vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy
    from numpy.typing import NDArray

__all__ = ["Embedder", "Purpose"]

Purpose = Literal["document", "query"]
"""What a text is embedded for: to be found, or to find. Some models treat the two differently."""


@runtime_checkable
class Embedder(Protocol):
    """Vectors whose cosine tells how close two texts are in meaning.

    A text's vector depends on the text, the purpose and the model, and not on the texts it was
    embedded with. An embedder may be used from many threads at once.
    """

    @property
    def name(self) -> str:
        """The model, exactly: vectors of embedders with one name may be compared, others never."""
        ...

    @property
    def dimensions(self) -> int | None:
        """The length of every vector; None until the first text was embedded, where only the model knows."""
        ...

    def embed(self, texts: Sequence[str], *, purpose: Purpose = "document") -> NDArray[numpy.float32]:
        """Return one vector per text, in the order of `texts`: an array of (len(texts), dimensions).

        Vectors have unit length unless the model says otherwise. No texts give an array of
        (0, dimensions); the empty text has a vector like any other. What exceeds the model's
        window at the end of a text has no influence.

        Raises:
            InvalidInputError: `texts` is one string, an item is not a string or holds a lone
                surrogate; the message names the item's position, never the text.
        """
        ...

    async def aembed(self, texts: Sequence[str], *, purpose: Purpose = "document") -> NDArray[numpy.float32]:
        """Return what `embed` returns, while the event loop goes on."""
        ...
