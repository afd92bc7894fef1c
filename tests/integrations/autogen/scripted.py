"""A client of a language model that says what a test wrote down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autogen_ext.models.replay import ReplayChatCompletionClient

if TYPE_CHECKING:
    from autogen_core.models import CreateResult

INFO: Any = {
    "function_calling": True,
    "vision": False,
    "json_output": False,
    "family": "unknown",
    "structured_output": False,
}


def scripted(*answers: str | CreateResult) -> ReplayChatCompletionClient:
    """Return a client that gives these answers, one a call."""
    return ReplayChatCompletionClient(list(answers), model_info=INFO)
