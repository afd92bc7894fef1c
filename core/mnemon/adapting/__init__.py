"""What all adapters share: whose memories a call means, what a prompt is given, and what is remembered.

An adapter translates between a framework and these; it decides nothing of its own. What it keeps in
collections of its own goes through `mnemon.adapting.storage`.
"""

from __future__ import annotations

from mnemon.adapting._async.history import AsyncHistory
from mnemon.adapting._async.keeper import AsyncKeeper
from mnemon.adapting._async.tools import AsyncMemoryTools
from mnemon.adapting._sync.history import History
from mnemon.adapting._sync.keeper import Keeper
from mnemon.adapting._sync.tools import MemoryTools
from mnemon.adapting.converting import Data, Translation, from_framework, results_apart, to_framework
from mnemon.adapting.embedding import PairedEmbedder
from mnemon.adapting.failing import OnError, tolerating
from mnemon.adapting.handle import Closing, Handle
from mnemon.adapting.messages import OURS, beyond_of, difference, patched
from mnemon.adapting.naming import handle_of, name_of, register_memory
from mnemon.adapting.parts import data_uri, placeholder
from mnemon.adapting.policy import Policy, spoken
from mnemon.adapting.queue import WriteQueue
from mnemon.adapting.recall import Carried, RecallRules, choose, estimated_tokens, fitting, render, without_recalled
from mnemon.adapting.scoping import CallScope, IdSource, ScopeRule
from mnemon.adapting.tools import (
    TOOLS,
    DeleteMemory,
    ListMemories,
    SaveMemory,
    SearchMemories,
    ToolText,
    UpdateMemory,
    can_be_told,
    choose_tools,
    told,
)
from mnemon.logic.parts import attachment, read_arguments, read_call, read_part, speaks
from mnemon.logic.scopes import row_id, scope_condition, scope_key, scope_of

__all__ = [
    "OURS",
    "TOOLS",
    "AsyncHistory",
    "AsyncKeeper",
    "AsyncMemoryTools",
    "CallScope",
    "Carried",
    "Closing",
    "Data",
    "DeleteMemory",
    "Handle",
    "History",
    "IdSource",
    "Keeper",
    "ListMemories",
    "MemoryTools",
    "OnError",
    "PairedEmbedder",
    "Policy",
    "RecallRules",
    "SaveMemory",
    "ScopeRule",
    "SearchMemories",
    "ToolText",
    "Translation",
    "UpdateMemory",
    "WriteQueue",
    "attachment",
    "beyond_of",
    "can_be_told",
    "choose",
    "choose_tools",
    "data_uri",
    "difference",
    "estimated_tokens",
    "fitting",
    "from_framework",
    "handle_of",
    "name_of",
    "patched",
    "placeholder",
    "read_arguments",
    "read_call",
    "read_part",
    "register_memory",
    "render",
    "results_apart",
    "row_id",
    "scope_condition",
    "scope_key",
    "scope_of",
    "speaks",
    "spoken",
    "to_framework",
    "told",
    "tolerating",
    "without_recalled",
]
