"""Hands between the requests of a store on Weaviate and their answers."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from weaviate.exceptions import WeaviateQueryError, WeaviateTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from mnemon.stores.weaviate import WeaviateStore


class Between:
    """Gets between the requests of a store and their answers, as others, the network, and time do."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch

    def after(self, store: WeaviateStore, doing: str, number: int, action: Callable[[], object]) -> None:
        """Act after the store's next request of a kind of some number, the first being 1."""
        asked = count(1)

        def acting(call: Callable[[], Any]) -> Any:  # noqa: ANN401 - passed on
            answer = call()
            if next(asked) == number:
                action()
            return answer

        self._around(store, doing, acting)

    def lose_answers(self, store: WeaviateStore, doing: str, *, number: int) -> None:
        """Let the server carry out requests of a kind, and the first answers get lost."""
        asked = count(1)

        def losing(call: Callable[[], Any]) -> Any:  # noqa: ANN401 - passed on
            answer = call()
            if next(asked) <= number:
                raise WeaviateTimeoutError
            return answer

        self._around(store, doing, losing)

    def refuse_once(self, store: WeaviateStore, doing: str, reason: str) -> None:
        """Let the server refuse the next request of a kind."""
        asked = count(1)

        def refusing(call: Callable[[], Any]) -> Any:  # noqa: ANN401 - passed on
            if next(asked) == 1:
                raise WeaviateQueryError(reason, "GRPC search")
            return call()

        self._around(store, doing, refusing)

    def answer_once(self, store: WeaviateStore, doing: str, answer: object) -> None:
        """Let the server carry out the next request of a kind, and answer something else, or the client raise it."""
        asked = count(1)

        def answering(call: Callable[[], Any]) -> Any:  # noqa: ANN401 - passed on
            real = call()
            if next(asked) > 1:
                return real
            if isinstance(answer, Exception):
                raise answer
            return answer

        self._around(store, doing, answering)

    def objects_read(self, store: WeaviateStore) -> list[int]:
        """Return a list to which each read of objects adds how many there were."""
        read = list[int]()

        def counting(call: Callable[[], Any]) -> Any:  # noqa: ANN401 - passed on
            answer = call()
            read.append(len(answer.objects))
            return answer

        self._around(store, "read rows", counting)
        return read

    def _around(self, store: WeaviateStore, doing: str, around: Callable[[Callable[[], Any]], Any]) -> None:
        server = store._server  # pyright: ignore[reportPrivateUsage] - where requests are made
        ask = server.ask_again

        def asking(what: str, call: Callable[[], Any], *rest: Any) -> Any:  # noqa: ANN401 - passed on
            return ask(what, (lambda: around(call)) if doing in what else call, *rest)

        self._patch.setattr(server, "ask_again", asking)
