"""Messages of Weaviate's gRPC interface as JSON that a person can read and that compares by content.

Bytes would not do: protobuf writes the entries of a map in any order, so that one request has many forms.
"""

from __future__ import annotations

import base64
import hashlib
import importlib
import json
import struct
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from google.protobuf import json_format, message_factory
from weaviate.proto.v1 import health_weaviate_pb2, search_get_pb2, weaviate_pb2_grpc

from mnemon.testing.cassettes.errors import CassetteError

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.protobuf.message import Message

__all__ = ["answer_class", "canonical", "from_json", "to_json"]

_SHOWN = 16
"""Dimensions up to which a vector is written number by number; beyond that nobody reads it."""

_SINGLE = {None, "VECTOR_TYPE_UNSPECIFIED", "VECTOR_TYPE_SINGLE_FP32"}


def answer_class(method: str) -> type[Message]:
    """Return the class of what a method such as `/weaviate.v1.Weaviate/Search` answers.

    It comes from the service's description, not from a stored module path: the client carries its
    messages once for each generation of protobuf and picks one.
    """
    if method == "/grpc.health.v1.Health/Check":
        return health_weaviate_pb2.WeaviateHealthCheckResponse
    # The description lies beside the stubs, and the client does not load it by itself.
    importlib.import_module(weaviate_pb2_grpc.__name__.removesuffix("_grpc"))
    service, _, name = method.strip("/").partition("/")
    try:
        found = search_get_pb2.DESCRIPTOR.pool.FindServiceByName(service).FindMethodByName(name)
    except KeyError:
        msg = f"{method} is no method that this weaviate-client describes; record with a newer one"
        raise CassetteError(msg) from None
    return message_factory.GetMessageClass(found.output_type)


def canonical(value: object) -> str:
    """Return JSON in which equal content gives equal text, and `1`, `1.0` and `true` stay apart."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def to_json(message: Message, *, digest: bool = False) -> str:
    """Return a message as JSON; `digest` gives long vectors by their SHA-256, enough to compare them."""
    plain = json_format.MessageToDict(message, preserving_proto_field_name=True)
    return canonical(_walk(plain, lambda raw: _vector_shown(raw, digest=digest), _id_shown))


def from_json(text: str, kind: type[Message]) -> Message:
    """Return the message of which `to_json(message)` made the text."""
    return json_format.ParseDict(_walk(json.loads(text), _vector_read, _id_read), kind())


def _walk(node: Any, vector: Callable[[Any], Any], identifier: Callable[[str], str]) -> Any:
    if isinstance(node, list):
        return [_walk(one, vector, identifier) for one in node]  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(node, dict):
        return node
    inner = cast("dict[str, Any]", node)
    found: dict[str, Any] = {}
    for key, value in inner.items():
        if key == "vector_bytes" and inner.get("type") in _SINGLE:
            found[key] = vector(value)
        elif key == "id_as_bytes":
            found[key] = identifier(value)
        elif key == "non_ref_properties" and isinstance(value, list):
            found[key] = sorted(value)  # pyright: ignore[reportUnknownArgumentType] - names, which the client keeps as a set
        else:
            found[key] = _walk(value, vector, identifier)
    return found


def _vector_shown(encoded: str, *, digest: bool) -> Any:
    raw = base64.b64decode(encoded)
    count, rest = divmod(len(raw), 4)
    if rest or not raw:
        return encoded
    if count <= _SHOWN:
        return {"f32": list(struct.unpack(f"<{count}f", raw))}
    if digest:
        return {"dimensions": count, "sha256": hashlib.sha256(raw).hexdigest()}
    return {"dimensions": count, "f32_base64": encoded}


def _vector_read(shown: Any) -> str:
    if isinstance(shown, str):
        return shown
    if "f32" in shown:
        return base64.b64encode(struct.pack(f"<{len(shown['f32'])}f", *shown["f32"])).decode()
    return shown["f32_base64"]


def _id_shown(encoded: str) -> str:
    return str(UUID(bytes=base64.b64decode(encoded)))


def _id_read(shown: str) -> str:
    return base64.b64encode(UUID(shown).bytes).decode()
