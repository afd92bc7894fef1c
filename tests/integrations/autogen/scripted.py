"""What people and models say in the tests, as it is written down here, and programs that are run."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

from autogen_core.models import UserMessage
from autogen_ext.models.replay import ReplayChatCompletionClient

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autogen_core.models import CreateResult, LLMMessage

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


def user(text: str) -> UserMessage:
    """Return what a person says."""
    return UserMessage(content=text, source="user")


def contents(messages: Sequence[LLMMessage]) -> list[object]:
    """Return what messages say."""
    return [message.content for message in messages]


def run_python(code: str, *arguments: str) -> str:
    """Return what a program prints."""
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True).stdout
