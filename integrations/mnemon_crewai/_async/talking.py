"""One turn of a conversation: what the agent is told, and what is kept of its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnemon import Message
from mnemon.adapting import AsyncHistory
from mnemon_crewai.messages import to_crew_messages

if TYPE_CHECKING:
    from crewai.lite_agent_output import LiteAgentOutput

    from mnemon.adapting import CallScope, Policy
    from mnemon_crewai.messages import CrewMessage

__all__ = ["AsyncTalk"]


class AsyncTalk:
    """A conversation in the log; each message becomes a memory too, where that is wanted."""

    def __init__(self, policy: Policy, scope: CallScope, *, recall: bool, remember: bool) -> None:
        """Go on with the session of a scope."""
        self._history = AsyncHistory(policy)
        self._scope = scope
        self._recall, self._remember = recall, remember

    async def hear(self, said: Message) -> list[CrewMessage]:
        """Keep what the user says; return it with all that was said before, and with what is remembered beyond."""
        before = await self._history.read(self._scope.writes)
        await self._history.append(self._scope.writes, [said], remember=self._remember)
        recalled = await self._history.recall(self._scope, said.text, before) if self._recall else ""
        notes = [Message(role="system", content=recalled)] if recalled else []
        return to_crew_messages([*before, *notes, said])

    async def answer(self, output: LiteAgentOutput) -> None:
        """Keep what the agent says."""
        answer = Message(role="assistant", name=output.agent_role, content=output.raw)
        await self._history.append(self._scope.writes, [answer], remember=self._remember)
