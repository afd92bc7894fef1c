# Generated from core/mnemon/_async/writes.py by tests/contracts/unasync.py; edit that file.
"""The methods of a memory that add and update."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnemon._sync import adding, changing
from mnemon._sync.face import Face
from mnemon.errors import InvalidInputError
from mnemon.logic.adding import AddRequest, Embedded, check_key
from mnemon.logic.arguments import check_categories, check_id, check_roles, refuse_foreign
from mnemon.logic.entries import read_entries, read_many
from mnemon.logic.versions import KEEP, Keep, read_change
from mnemon.types.results import AddResult
from mnemon.wrappers.threads import think

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mnemon.logic.adding import IdempotencyKey
    from mnemon.logic.entries import Entry
    from mnemon.types.jsonvalue import JsonObject
    from mnemon.types.memory import Kind, MemoryRecord
    from mnemon.types.message import Message, Role
    from mnemon.types.times import Time

__all__ = ["Writes"]

_EAGER = 4
"""Texts that are embedded before the log is read: as many as are nearly always new."""


class Writes(Face):
    """Adding and updating."""

    def add(
        self,
        content: str | Message | Mapping[str, object] | Sequence[Message | Mapping[str, object] | str],
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        app_id: str | None = None,
        run_id: str | None = None,
        metadata: JsonObject | None = None,
        categories: Sequence[str] | None = None,
        kind: Kind = "episodic",
        timestamp: Time | None = None,
        expires_at: Time | None = None,
        pinned: bool = False,
        valid_from: Time | None = None,
        valid_to: Time | None = None,
        roles: Sequence[Role] = ("user", "assistant"),
        infer: bool = False,
        idempotency_key: str | None = None,
        actor: str | None = None,
        **foreign: object,
    ) -> AddResult:
        """Remember what was said: each turn becomes a memory, word by word. No model is asked.

        What is there already is not stored twice: a message with an id that is known, a history that
        is sent again (only its new end is stored), and the same words of the same speaker directly
        after themselves in one session. The result says what became of each message.

        Args:
            content: a text, a message, or a list of messages; a message may be a dict with `role`,
                `content`, and perhaps `name`, `id`, `time` and `metadata`, or one of OpenAI's chat API.
            user_id: whose memories these are; at least one of the four ids.
            agent_id: the agent.
            app_id: the application.
            run_id: the session or thread.
            metadata: JSON data of yours, to filter by.
            categories: labels to filter by.
            kind: `episodic` for turns of a conversation; a text of another kind is stored as a fact that nobody said.
            timestamp: when it was said, for messages that do not tell; aware datetime, ISO 8601 with
                a zone, or epoch seconds. Now if left out.
            expires_at: from when on it is hidden, to the second.
            pinned: never expires.
            valid_from: since when it is true in the world.
            valid_to: until when it was true.
            roles: roles whose messages become memories; others are kept in the conversation log only.
            infer: extraction of facts by a language model; not in this release.
            idempotency_key: adding twice with one key is adding once, from two processes too.
            actor: who is named in the history.
            foreign: refused, with our word for it.

        Raises:
            ScopeError: no scope.
            InvalidInputError: an empty text, a malformed message, or a value that does not fit.
            ConflictError: the idempotency key was used for something else.
        """
        refuse_foreign("add", foreign)
        _refuse_infer(infer)
        scope = self._scope("add", user_id, agent_id, app_id, run_id)
        entries = think(
            read_entries,
            content,
            scope=scope,
            metadata=metadata,
            categories=categories,
            kind=kind,
            timestamp=timestamp,
            expires_at=expires_at,
            pinned=pinned,
            valid_from=valid_from,
            valid_to=valid_to,
        )
        key = check_key(scope, idempotency_key)
        return self._add(entries, roles=roles, actor=actor, key=key, progress=None)

    def add_many(
        self,
        items: Sequence[str | Message | Mapping[str, object]],
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        app_id: str | None = None,
        run_id: str | None = None,
        roles: Sequence[Role] = ("user", "assistant"),
        idempotency_key: str | None = None,
        actor: str | None = None,
        progress: Callable[[int, int], None] | None = None,
        **foreign: object,
    ) -> AddResult:
        """Add many things as one operation: all of them, or none and an error that names the one at fault.

        Args:
            items: texts, messages, or dicts with `content` and other arguments of `add` (`metadata`,
                `categories`, `kind`, `timestamp`, `expires_at`, `pinned`, `valid_from`, `valid_to`
                and the scope ids, which add to those of this call).
            user_id: as for `add`, of all items.
            agent_id: the same.
            app_id: the same.
            run_id: the same.
            roles: as for `add`.
            idempotency_key: as for `add`; needs a scope that the whole call has.
            actor: who is named in the history.
            progress: called with how many of how many texts were embedded.
            foreign: refused, with our word for it.

        Raises:
            ScopeError: an item without scope.
            InvalidInputError: an item that cannot be added; the message names its place.
        """
        refuse_foreign("add_many", foreign)
        named = self._named(user_id, agent_id, app_id, run_id)
        entries = think(read_many, items, named)
        key = None
        if idempotency_key is not None:
            scope = self._scope("add_many with idempotency_key", user_id, agent_id, app_id, run_id)
            key = check_key(scope, idempotency_key)
        return self._add(entries, roles=roles, actor=actor, key=key, progress=progress)

    def _add(
        self,
        entries: Sequence[Entry],
        *,
        roles: Sequence[Role],
        actor: str | None,
        key: IdempotencyKey | None,
        progress: Callable[[int, int], None] | None,
    ) -> AddResult:
        request = AddRequest(entries=tuple(entries), roles=check_roles(roles), actor=self._who(actor), key=key)
        if self._core.embedder is None:
            embedded = Embedded()
        else:
            texts: AddResult | list[str] = request.texts
            if len(entries) > _EAGER:
                texts = self._core.runner.run(adding.texts_to_embed, request)
            if isinstance(texts, AddResult):
                return texts
            embedded = self._core.embed_documents(texts, progress=progress)
        while True:
            answer = self._core.runner.run(adding.add, request, embedded)
            if isinstance(answer, AddResult):
                return answer
            embedded = self._core.embed_documents(answer, embedded, progress)

    def update(
        self,
        memory_id: str,
        text: str | None = None,
        *,
        metadata: JsonObject | None = None,
        replace_metadata: bool = False,
        categories: Sequence[str] | None = None,
        expires_at: Time | Keep | None = KEEP,
        pinned: bool | None = None,
        valid_from: Time | Keep | None = KEEP,
        valid_to: Time | Keep | None = KEEP,
        expected_version: int | None = None,
        user_id: str | None = None,
        agent_id: str | None = None,
        app_id: str | None = None,
        run_id: str | None = None,
        actor: str | None = None,
        **foreign: object,
    ) -> MemoryRecord:
        """Change a memory; return it as it is then.

        Text, metadata, categories and validity make a new version, the one before stays in the
        history. When it expires and whether it is pinned are changed in place. An update that
        changes nothing writes nothing.

        Args:
            memory_id: the memory.
            text: the new text; None keeps it.
            metadata: merged into the metadata by its top keys; None keeps it.
            replace_metadata: `metadata` takes the place of all there was.
            categories: the new categories; None keeps them.
            expires_at: when it expires; None for never.
            pinned: whether it never expires; None keeps it.
            valid_from: since when it is true; None for unknown.
            valid_to: until when it was true; None for still.
            expected_version: fail with a `ConflictError` unless this version is the current one.
            user_id: the memory must have this id; so for the others.
            agent_id: as `user_id`.
            app_id: as `user_id`.
            run_id: as `user_id`.
            actor: who is named in the history.
            foreign: refused, with our word for it.

        Raises:
            NotFoundError: no such memory in that scope.
            ConflictError: another version is current than the one expected.
        """
        refuse_foreign("update", foreign)
        scope = self._named(user_id, agent_id, app_id, run_id)
        change = read_change(
            text=text,
            metadata=metadata,
            replace_metadata=replace_metadata,
            categories=None if categories is None else check_categories(categories),
            expires_at=expires_at,
            pinned=pinned,
            valid_from=valid_from,
            valid_to=valid_to,
            expected_version=expected_version,
            actor=self._who(actor),
        )
        check_id(memory_id, "memory_id")
        embedded = self._core.embed_documents([] if change.text is None else [change.text])
        return self._core.runner.run(changing.update, memory_id, change, scope, embedded, self._core.known_space)


def _refuse_infer(infer: object) -> None:
    if infer:
        msg = (
            "infer=True needs a language model that extracts facts, and extraction is not in this release; "
            "leave it out: every turn is remembered word by word"
        )
        raise InvalidInputError(msg)
