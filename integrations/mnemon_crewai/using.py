"""`use_mnemon`: mnemon where CrewAI would open a store of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crewai.flow.persistence.factory import set_flow_persistence_factory
from crewai.memory.storage.factory import set_memory_storage_factory

from mnemon.adapting import Closing
from mnemon_crewai.flows import MnemonFlowPersistence
from mnemon_crewai.storage import MnemonStorage
from mnemon_crewai.tools import uncache_crewais_tools

if TYPE_CHECKING:
    from crewai.memory.storage.backend import StorageBackend

    from mnemon import AsyncMemory, Memory
    from mnemon.adapting import IdSource

__all__ = ["Used", "use_mnemon"]

_DEFAULT = "lancedb"
"""What CrewAI calls its own storage; a program that names another one gets that."""


class Used(Closing):
    """What `use_mnemon` set up; closing it gives CrewAI its own stores back.

    Attributes:
        storage: of every `Memory` of CrewAI that is built without one.
        persistence: of every flow that keeps its state and was not told where.
    """

    def __init__(self, storage: MnemonStorage, persistence: MnemonFlowPersistence) -> None:
        """Take the two."""
        self.storage = storage
        self.persistence = persistence

    def close(self) -> None:
        """Give CrewAI its own stores back, and close the default memory if it was opened here."""
        set_memory_storage_factory(None)
        set_flow_persistence_factory(None)
        self.storage.close()
        self.persistence.close()


def use_mnemon(
    memory: Memory | AsyncMemory | None = None,
    /,
    *,
    user_id: IdSource = None,
    agent_id: IdSource = None,
    app_id: IdSource = None,
    run_id: IdSource = None,
    required: tuple[str, ...] = ("user_id",),
) -> Used:
    """Let this process keep in mnemon what CrewAI keeps in files of its own: once, where the program begins.

    It concerns `Crew(memory=True)`, `Memory()`, the memory that every flow has, and `@persist`, as far as
    they are built afterwards and not told of another store. No LanceDB folder is made. CrewAI's `Memory`
    still embeds with its own default, OpenAI's, and asks its model: that is not decided here, and
    `Crew(memory=MnemonMemory(...))` does neither.

    Args:
        memory: an open memory, no view; the default one if left out.
        user_id: whose records and states: an id, a function that returns it, or None for that of the
            kickoff or of `mnemon.scope`.
        agent_id: as `user_id`.
        app_id: as `user_id`.
        run_id: as `user_id`.
        required: ids without which a call fails.

    Raises:
        ConfigError: the memory is a view, or a wrong option.
        ScopeError: an id that cannot be one.
    """
    storage = MnemonStorage(memory, user_id=user_id, agent_id=agent_id, app_id=app_id, run_id=run_id, required=required)
    persistence = MnemonFlowPersistence(
        memory, user_id=user_id, agent_id=agent_id, app_id=app_id, run_id=run_id, required=required
    )

    def storage_of(spec: str) -> StorageBackend | None:
        return storage if spec == _DEFAULT else None

    set_memory_storage_factory(storage_of)
    set_flow_persistence_factory(lambda: persistence)
    uncache_crewais_tools()
    return Used(storage, persistence)
