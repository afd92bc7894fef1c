"""Who asks a memory: somebody, or CrewAI for a prompt that it writes."""

from __future__ import annotations

from crewai.events.event_context import pop_event_scope, push_event_scope

from mnemon.adapting import Carried

__all__ = ["carried_with"]


def carried_with(query: str) -> Carried:
    """Return what the prompt says already for which a query is asked; nothing where there is no prompt.

    CrewAI recalls by itself with the words that it is about to say: a task, or what an agent was told, a
    line for each message. Whoever calls `recall`, in code or by a tool, is shown whatever answers, in the
    query's own words, too.
    """
    said = (query, *query.splitlines()) if _recalls_by_itself() else ()
    return Carried((None, text) for text in said)


def _recalls_by_itself() -> bool:
    """Whether CrewAI recalls for a prompt: it says so before it does, in the scope of its events."""
    scope = pop_event_scope()  # the only public way to look at it
    if scope is None:
        return False
    push_event_scope(*scope)
    _, started_by = scope
    return started_by == "memory_retrieval_started"
