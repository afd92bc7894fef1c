"""Answers of language models, kept so that the same question is asked once."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from langchain_core.caches import RETURN_VAL_TYPE, BaseCache
from langchain_core.messages import message_to_dict, messages_from_dict
from langchain_core.outputs import ChatGeneration, Generation

from mnemon import InvalidInputError, Scope
from mnemon.adapting import Closing, IdSource, ScopeRule
from mnemon.adapting.storage import Storage
from mnemon_langchain._async import entries as async_entries
from mnemon_langchain._sync import entries
from mnemon_langchain.calls import person
from mnemon_langchain.entries import ENTRIES, Place

if TYPE_CHECKING:
    from mnemon import AsyncMemory, Memory

__all__ = ["MnemonLLMCache"]


class MnemonLLMCache(Closing, BaseCache):
    """LangChain's cache of model answers, in the store of a memory: `set_llm_cache(MnemonLLMCache())`.

    A prompt holds what somebody said. Where a person is known (here, in the call's config or context, or
    by `mnemon.scope`) an answer is that person's: nobody else is given it, and `Memory.forget` erases it.
    Otherwise it is everybody's. Neither prompt nor model is stored in plain text, only their hash.

    Example:
        >>> from langchain_core.outputs import Generation
        >>> from mnemon import Memory
        >>> with Memory(":memory:") as memory:
        ...     cache = MnemonLLMCache(memory)
        ...     cache.update("What is a cat?", "model", [Generation(text="An animal.")])
        ...     cache.lookup("What is a cat?", "model")[0].text
        'An animal.'
    """

    def __init__(
        self,
        memory: Memory | AsyncMemory | None = None,
        *,
        namespace: str = "default",
        user_id: IdSource = None,
    ) -> None:
        """Build it; nothing is opened. Arguments and errors as for `MnemonByteStore`."""
        self._storage = Storage(memory, ENTRIES)
        self._space = f"answers:{namespace}"
        self._rule = ScopeRule(user_id=user_id)

    def lookup(self, prompt: str, llm_string: str) -> RETURN_VAL_TYPE | None:
        """Return the answer that was stored for a prompt to a model, or None."""
        (value,) = self._storage.run(entries.read, self._place(), [_name(prompt, llm_string)])
        return _read(value)

    async def alookup(self, prompt: str, llm_string: str) -> RETURN_VAL_TYPE | None:
        """Return what `lookup` returns, while the event loop goes on."""
        (value,) = await self._storage.arun(async_entries.read, self._place(), [_name(prompt, llm_string)])
        return _read(value)

    def update(self, prompt: str, llm_string: str, return_val: RETURN_VAL_TYPE) -> None:
        """Store the answer of a model to a prompt.

        Raises:
            InvalidInputError: it holds what JSON cannot say.
        """
        self._storage.run(entries.write, self._place(), {_name(prompt, llm_string): _written(return_val)})

    async def aupdate(self, prompt: str, llm_string: str, return_val: RETURN_VAL_TYPE) -> None:
        """Do what `update` does, while the event loop goes on."""
        values = {_name(prompt, llm_string): _written(return_val)}
        await self._storage.arun(async_entries.write, self._place(), values)

    def clear(self, **kwargs: Any) -> None:
        """Take away all answers of this namespace, everybody's; with `user_id=` that person's alone.

        Raises:
            ScopeError: an id that cannot be one.
            InvalidInputError: another argument.
        """
        place, everybody = self._to_clear(kwargs)
        self._storage.run(entries.clear, place, everybody)

    async def aclear(self, **kwargs: Any) -> None:
        """Do what `clear` does, while the event loop goes on."""
        place, everybody = self._to_clear(kwargs)
        await self._storage.arun(async_entries.clear, place, everybody)

    def close(self) -> None:
        """Close the default memory if it was opened here."""
        self._storage.close()

    def _place(self) -> Place:
        return Place(space=self._space, user_id=person(self._rule))

    def _to_clear(self, options: dict[str, Any]) -> tuple[Place, bool]:
        if options.keys() - {"user_id"}:
            msg = f"clear() takes user_id alone, not {', '.join(sorted(options))}"
            raise InvalidInputError(msg)
        user_id = options.get("user_id")
        person = None if user_id is None else Scope(user_id=user_id).user_id
        return Place(space=self._space, user_id=person), user_id is None


def _name(prompt: str, llm_string: str) -> str:
    return sha256(json.dumps([prompt, llm_string]).encode()).hexdigest()


def _written(generations: RETURN_VAL_TYPE) -> bytes:
    rows = [
        {
            "text": one.text,
            "info": one.generation_info,
            "message": message_to_dict(one.message) if isinstance(one, ChatGeneration) else None,
        }
        for one in generations
    ]
    try:
        return json.dumps(rows, ensure_ascii=False).encode()
    except (TypeError, ValueError) as error:
        msg = f"an answer cannot be cached: {error}; leave this model's cache off (cache=False)"
        raise InvalidInputError(msg) from None


def _read(value: bytes | None) -> RETURN_VAL_TYPE | None:
    return None if value is None else [_generation(row) for row in json.loads(value)]


def _generation(row: dict[str, Any]) -> Generation:
    if row["message"] is None:
        return Generation(text=row["text"], generation_info=row["info"])
    (message,) = messages_from_dict([row["message"]])
    return ChatGeneration(message=message, generation_info=row["info"])
