"""What was stored comes back, or an error says why not."""

from __future__ import annotations

import operator
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langgraph.checkpoint.serde.encrypted import EncryptedSerializer
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.types import Send
from pydantic import BaseModel, ConfigDict, Field, RootModel, SecretStr

from mnemon_langgraph import MnemonSaver, UnreadableTypeError
from mnemon_langgraph.serializing import ExactSerializer
from tests.integrations.langgraph import rows
from tests.integrations.langgraph.graphs import config
from tests.integrations.langgraph.test_saver import put

if TYPE_CHECKING:
    from mnemon import Memory


class Color(Enum):
    RED = "red"


class Order(BaseModel):
    number: int


@dataclass
class Point:
    x: int


THIS = __name__
VALUES: list[Any] = [
    None,
    b"bytes",
    bytearray(b"bytes"),
    {"deep": [{1, 2}, frozenset({"a"}), (1, 2) and [1, 2]]},
    datetime(2026, 3, 1, tzinfo=UTC),
    timedelta(days=1),
    Decimal("1.10"),
    UUID(int=1),
    Color.RED,
    Order(number=1),
    Point(1),
    Send("node", {"x": Point(2)}),
    [HumanMessage("hi", id="1"), AIMessage("", tool_calls=[{"name": "f", "args": {"a": 1}, "id": "c"}])],
]


class Dressed(BaseModel):
    """A model that says of itself what it likes."""

    x: int = Field(alias="ex")
    inner: Order | None = None

    def model_dump(self, **_: Any) -> dict[str, Any]:
        return {"dressed": self.x}


class Aliased(BaseModel):
    model_config = ConfigDict(extra="allow", populate_by_name=True)

    x: int = Field(alias="ex", exclude=True)
    y: list[Order | Point] = Field(alias="why")
    hidden: SecretStr = SecretStr("s")


ODD: tuple[Any, ...] = (
    Dressed(ex=1),
    Aliased.model_validate({"ex": 1, "why": [Order(number=1), Point(2)], "more": Decimal(1)}),
    RootModel[list[int]]([1]),
    {"in": [ToolMessage("x", tool_call_id="c", artifact=Order(number=2))], "raw": [b"1", bytearray(b"2"), None]},
)


@pytest.mark.parametrize("value", [*VALUES, ODD], ids=lambda value: type(value).__name__)
def test_the_bytes_are_those_of_langgraphs_own(value: Any) -> None:
    assert ExactSerializer().dumps_typed(value) == JsonPlusSerializer().dumps_typed(value)


def test_what_cannot_be_written_is_the_error_of_langgraphs_own_or_pickled_where_that_is_allowed() -> None:
    value = {"f": operator.add}

    with pytest.raises(TypeError, match="not msgpack serializable"):
        ExactSerializer().dumps_typed(value)
    assert ExactSerializer(pickle_fallback=True).dumps_typed(value)[0] == "pickle"


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_comes_back(value: Any) -> None:
    serde = ExactSerializer(allowed_msgpack_modules=True)

    assert serde.loads_typed(serde.dumps_typed(value)) == value
    assert serde.loads_typed(JsonPlusSerializer().dumps_typed(value)) == value


def test_an_array_comes_back() -> None:
    serde = ExactSerializer()

    back = serde.loads_typed(serde.dumps_typed({"a": np.arange(6).reshape(2, 3)}))

    assert back["a"].tolist() == [[0, 1, 2], [3, 4, 5]]


def test_a_class_that_is_not_allowed_is_named_with_the_setting(memory: Memory) -> None:
    put(MnemonSaver(memory), config(), {"a": {"deep": [Order(number=1)]}})

    with pytest.raises(UnreadableTypeError, match=rf"{THIS}\.Order.*allowed_msgpack_modules=\[\('{THIS}', 'Order'\)\]"):
        MnemonSaver(memory, allowed_msgpack_modules=[]).get_tuple(config())

    found = MnemonSaver(memory, allowed_msgpack_modules=[(THIS, "Order")]).get_tuple(config())
    assert found is not None
    assert found.checkpoint["channel_values"]["a"] == {"deep": [Order(number=1)]}


def test_the_setting_of_a_serializer_that_was_given_holds(memory: Memory) -> None:
    put(MnemonSaver(memory), config(), {"a": [Order(number=1)]})

    with pytest.raises(UnreadableTypeError):
        MnemonSaver(memory, serde=JsonPlusSerializer(allowed_msgpack_modules=None)).get_tuple(config())


def test_the_strict_mode_of_langgraph_holds_and_a_graph_allows_its_own_classes(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("langgraph.checkpoint.serde._msgpack.STRICT_MSGPACK_ENABLED", True)
    saver = MnemonSaver(memory)
    put(saver, config(), {"a": [Order(number=1)]})

    with pytest.raises(UnreadableTypeError, match="LANGGRAPH_STRICT_MSGPACK"):
        saver.get_tuple(config())

    found = saver.with_allowlist([(THIS, "Order")]).get_tuple(config())
    assert found is not None
    assert found.checkpoint["channel_values"]["a"] == [Order(number=1)]


def test_a_class_that_has_gone_or_refuses_its_data_is_named(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    saver = MnemonSaver(memory)
    put(saver, config("gone"), {"a": [Point(1)]})
    put(saver, config("refuses"), {"a": [Color.RED]})
    monkeypatch.delattr(sys.modules[THIS], "Point")
    monkeypatch.setattr(sys.modules[THIS], "Color", Enum("Color", {"BLUE": "blue"}))

    with pytest.raises(UnreadableTypeError, match=rf"{THIS}\.Point.*AttributeError"):
        saver.get_tuple(config("gone"))
    with pytest.raises(UnreadableTypeError, match=rf"{THIS}\.Color.*ValueError"):
        saver.get_tuple(config("refuses"))


class Rot:
    """A cipher for tests: it turns bytes, which is enough to see that they are not plain."""

    def encrypt(self, plaintext: bytes) -> tuple[str, bytes]:
        return "rot", bytes((byte + 13) % 256 for byte in plaintext)

    def decrypt(self, ciphername: str, ciphertext: bytes) -> bytes:
        assert ciphername == "rot"
        return bytes((byte - 13) % 256 for byte in ciphertext)


def test_an_encrypted_serializer_leaves_no_plain_value_and_stays_strict(memory: Memory) -> None:
    saver = MnemonSaver(memory, serde=EncryptedSerializer(Rot()), allowed_msgpack_modules=[])
    at = put(saver, config(), {"secret": ["my-secret-word"], "short": "my-secret-word", "order": [Order(number=1)]})
    saver.put_writes(at, [("a", "my-secret-word")], "task")

    payloads = rows.payloads(memory, "langgraph_checkpoints", "langgraph_blobs", "langgraph_writes")

    assert len(payloads) == 4
    assert not any(b"my-secret-word" in payload for payload in payloads)
    with pytest.raises(UnreadableTypeError, match="Order"):
        saver.get_tuple(config())
    allowed = MnemonSaver(memory, serde=EncryptedSerializer(Rot(), JsonPlusSerializer())).get_tuple(config())
    assert allowed is not None
    assert allowed.checkpoint["channel_values"]["secret"] == ["my-secret-word"]


def test_allowed_classes_for_a_serializer_that_knows_none_are_refused(memory: Memory) -> None:
    class Plain:
        def dumps_typed(self, obj: Any) -> tuple[str, bytes]:
            return "text", str(obj).encode()

        def loads_typed(self, data: tuple[str, bytes]) -> Any:
            return data[1].decode()

    with pytest.raises(ValueError, match="Plain"):
        MnemonSaver(memory, serde=Plain(), allowed_msgpack_modules=[PurePosixPath])
