"""`MnemonFlowPersistence`: states of flows, kept by customer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from crewai.flow.async_feedback.types import PendingFeedbackContext
from crewai.flow.persistence.base import FlowPersistence
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr
from pydantic_core import PydanticSerializationError, to_json

from mnemon import InvalidInputError
from mnemon.adapting import Closing, handle_of, name_of
from mnemon.adapting.storage import Storage
from mnemon_crewai._sync import states
from mnemon_crewai.rows import STATES
from mnemon_crewai.scoping import Ids, Whose

if TYPE_CHECKING:
    from mnemon import AsyncMemory, Memory
    from mnemon.adapting import IdSource

__all__ = ["MnemonFlowPersistence"]


class MnemonFlowPersistence(Closing, FlowPersistence):
    """Keeps the newest state of each flow, and what a flow that waits for a human waits for.

    States are of a customer: one flow id of two customers is two flows, and `Memory.forget` erases the
    states of a person too. A state that cannot be stored or read fails the flow.

    What CrewAI writes into a checkpoint are the fields: a name for the memory, and ids that are fixed. In
    another process the memory is found by `mnemon.adapting.register_memory(memory, name)`.

    Example:
        >>> from mnemon import Memory
        >>> with Memory(":memory:") as memory:
        ...     kept = MnemonFlowPersistence(memory, user_id="ana")
        ...     kept.save_state("flow-1", "begin", {"id": "flow-1", "step": 1})
        ...     kept.load_state("flow-1")
        {'id': 'flow-1', 'step': 1}
    """

    model_config = ConfigDict(extra="forbid")

    persistence_type: str = Field(default="MnemonFlowPersistence", description="By which CrewAI finds this class.")
    memory_name: str | None = Field(default=None, description="Name of the memory; None for the default one.")
    user_id: str | None = Field(default=None, description="Whose states.")
    agent_id: str | None = Field(default=None, description="The agent.")
    app_id: str | None = Field(default=None, description="The application.")
    run_id: str | None = Field(default=None, description="The session.")
    required: tuple[str, ...] = Field(default=("user_id",), description="Ids without which a call fails.")

    _whose: Whose = PrivateAttr()
    _storage: Storage | None = PrivateAttr(default=None)

    def __init__(
        self,
        memory: Memory | AsyncMemory | None = None,
        /,
        *,
        user_id: IdSource = None,
        agent_id: IdSource = None,
        app_id: IdSource = None,
        run_id: IdSource = None,
        **fields: Any,
    ) -> None:
        """Keep states in the store of a memory, or of the default one, which is opened when it is needed.

        Args:
            memory: an open memory, no view.
            user_id: whose states: an id, a function that returns it, or None for that of the kickoff or of
                `mnemon.scope`.
            agent_id: as `user_id`.
            app_id: as `user_id`.
            run_id: as `user_id`.
            fields: `required`, ids without which a call fails; `memory_name` in the place of a memory.

        Raises:
            ConfigError: the memory is a view, or a required id that there is not.
            ScopeError: an id that cannot be one.
        """
        ids = Ids(user_id=user_id, agent_id=agent_id, app_id=app_id, run_id=run_id)
        if memory is not None:
            fields["memory_name"] = name_of(memory)
        super().__init__(**{name: value for name, value in ids.items() if isinstance(value, str)}, **fields)
        self._whose = Whose(ids, self.required)
        self._storage = None if memory is None else Storage(memory, STATES)

    def init_db(self) -> None:
        """Open the store now; not needed, and harmless."""
        self._opened().memory()

    def save_state(self, flow_uuid: str, method_name: str, state_data: dict[str, Any] | BaseModel) -> None:
        """Store the state of a flow, in the place of its last one.

        Raises:
            InvalidInputError: it holds what JSON cannot say.
        """
        self._opened().run(states.save, self._whose.scope(), flow_uuid, {"state": _written(state_data)})

    def load_state(self, flow_uuid: str) -> dict[str, Any] | None:
        """Return the newest state of a flow of this customer, or None."""
        found = self._opened().run(states.load, self._whose.scope(), flow_uuid, "state")
        return None if found is None else json.loads(found)

    def save_pending_feedback(
        self, flow_uuid: str, context: PendingFeedbackContext, state_data: dict[str, Any] | BaseModel
    ) -> None:
        """Store a state, and what the flow waits for."""
        state = _written(state_data)
        pending = to_json({"context": context.to_dict(), "state": json.loads(state)})
        self._opened().run(states.save, self._whose.scope(), flow_uuid, {"state": state, "pending": pending})

    def load_pending_feedback(self, flow_uuid: str) -> tuple[dict[str, Any], PendingFeedbackContext] | None:
        """Return the state of a flow that waits, and what it waits for; None where it does not."""
        found = self._opened().run(states.load, self._whose.scope(), flow_uuid, "pending")
        if found is None:
            return None
        told = json.loads(found)
        return told["state"], PendingFeedbackContext.from_dict(told["context"])

    def clear_pending_feedback(self, flow_uuid: str) -> None:
        """Note that a flow waits no more."""
        self._opened().run(states.clear, self._whose.scope(), flow_uuid, "pending")

    def close(self) -> None:
        """Close the default memory if it was opened here; one that was handed over stays open."""
        if self._storage is not None:
            self._storage.close()

    def _opened(self) -> Storage:
        """Return where states are kept; a memory that is told by its name is looked for when it is needed."""
        if self._storage is None:
            named = None if self.memory_name is None else handle_of(self.memory_name).memory()
            self._storage = Storage(named, STATES)
        return self._storage


def _written(state: dict[str, Any] | BaseModel) -> bytes:
    try:
        return to_json(state)
    except PydanticSerializationError as error:
        msg = f"the state of a flow cannot be stored: {error}; keep in it what JSON can say"
        raise InvalidInputError(msg) from error
