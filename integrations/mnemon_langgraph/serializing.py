"""Values as bytes and back; what cannot be rebuilt is an error, and never the raw data of an object."""

from __future__ import annotations

import copy
from importlib import import_module
from inspect import signature
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy
import ormsgpack
from langgraph.checkpoint.serde._msgpack import SAFE_MSGPACK_METHODS, SAFE_MSGPACK_TYPES
from langgraph.checkpoint.serde.encrypted import EncryptedSerializer
from langgraph.checkpoint.serde.jsonplus import (
    EXT_CONSTRUCTOR_KW_ARGS,
    EXT_CONSTRUCTOR_POS_ARGS,
    EXT_CONSTRUCTOR_SINGLE_ARG,
    EXT_DELTA_SNAPSHOT,
    EXT_METHOD_SINGLE_ARG,
    EXT_NUMPY_ARRAY,
    EXT_PYDANTIC_V1,
    EXT_PYDANTIC_V2,
    JsonPlusSerializer,
    _msgpack_default,  # pyright: ignore[reportPrivateUsage] - what is not written here is written by it
    _option,  # pyright: ignore[reportPrivateUsage]
)
from langgraph.checkpoint.serde.types import _DeltaSnapshot  # pyright: ignore[reportPrivateUsage] - what it stores
from pydantic import BaseModel

from mnemon_langgraph.errors import UnreadableTypeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from langgraph.checkpoint.serde._msgpack import AllowedMsgpackModules
    from langgraph.checkpoint.serde.base import SerializerProtocol

_Allowed = set[tuple[str, ...]] | Literal[True] | None

__all__ = ["ExactSerializer", "dump", "exact", "load"]

_SEND_WITH_TIMEOUT = 3
_BY_ALIAS = signature(BaseModel.model_dump).parameters["by_alias"].default
"""What `model_dump` says to its serializer, whose own default is another in some versions of pydantic."""


class ExactSerializer(JsonPlusSerializer):
    """LangGraph's serializer, with its settings and its bytes, that gives back what was stored or raises.

    Where `JsonPlusSerializer` meets a class that is not allowed, has moved or refuses its data, it gives
    the raw data of the object, or None, and the graph goes on with that. Here it is an
    `UnreadableTypeError` that names the class and what to do.
    """

    @classmethod
    def taking(cls, serde: JsonPlusSerializer, allowed: AllowedMsgpackModules | None) -> JsonPlusSerializer:
        """Return a serializer with the settings of another; classes that may be rebuilt replace its own if given."""
        taken = copy.copy(serde)
        if type(serde) is JsonPlusSerializer:
            taken.__class__ = cls
        if allowed is not None:
            name = "_allowed_msgpack_modules"
            vars(taken)[name] = vars(cls(allowed_msgpack_modules=allowed))[name]
        return taken

    def dumps_typed(self, obj: Any) -> tuple[str, bytes]:
        """Return a value as a type and bytes: those of LangGraph's own."""
        if obj is None or isinstance(obj, bytes | bytearray):
            return super().dumps_typed(obj)
        try:
            return "msgpack", _packed(obj)
        except ormsgpack.MsgpackEncodeError:
            return super().dumps_typed(obj)  # pickled where that is allowed, or else an error

    def loads_typed(self, data: tuple[str, bytes]) -> Any:
        """Return the value of a type and bytes.

        Raises:
            UnreadableTypeError: a class in it is not allowed or cannot be rebuilt.
        """
        kind, content = data
        if kind != "msgpack" or self._custom_unpack_ext_hook:
            return super().loads_typed(data)
        return _Reading(cast("_Allowed", self._allowed_msgpack_modules)).unpack(content)


def _packed(value: object) -> bytes:
    """Return a value as LangGraph's own bytes, by a shorter way for pydantic's models.

    As `_Reading`, it runs once for every message of a long thread at every step.
    """
    models: dict[type, tuple[str, str, Callable[..., object]]] = {}

    def default(value: object) -> object:
        cls = type(value)
        named = models.get(cls)
        if named is None:
            if not isinstance(value, BaseModel) or type(value).model_dump is not BaseModel.model_dump:
                return _msgpack_default(value)
            named = models[cls] = (cls.__module__, cls.__name__, value.__pydantic_serializer__.to_python)
        module, name, fields_of = named
        told = (module, name, fields_of(value, by_alias=_BY_ALIAS), "model_validate_json")
        return ormsgpack.Ext(EXT_PYDANTIC_V2, ormsgpack.packb(told, default=default, option=_option))

    return ormsgpack.packb(value, default=default, option=_option)


class _Reading:
    """One value being read: what may be rebuilt, and the classes that were met.

    It runs once for every message of a long thread, so it takes the shortest way that there is.
    """

    def __init__(self, allowed: _Allowed) -> None:
        self._allowed = allowed
        self._classes: dict[tuple[str, str], Any] = {}
        self._error: Exception | None = None

    def unpack(self, content: bytes) -> Any:
        try:
            return ormsgpack.unpackb(content, ext_hook=self._rebuild, option=ormsgpack.OPT_NON_STR_KEYS)
        except ValueError:
            if self._error is not None:  # ormsgpack has replaced it by an error of its own
                raise self._error from None
            raise

    def _rebuild(self, code: int, content: bytes) -> Any:
        try:
            parts: Any = ormsgpack.unpackb(content, ext_hook=self._rebuild, option=ormsgpack.OPT_NON_STR_KEYS)
            if code == EXT_PYDANTIC_V2 and (known := self._classes.get((parts[0], parts[1]))) is not None:
                return self._model(known, parts)
            if code == EXT_DELTA_SNAPSHOT:
                return _DeltaSnapshot(parts)
            if code == EXT_NUMPY_ARRAY:
                return _array(*parts)
            return self._object(code, parts)
        except Exception as error:
            self._error = self._error or error
            raise

    def _model(self, cls: Any, parts: Any) -> Any:
        """Return another object of a class that was met: as `_object`, in fewer steps."""
        try:
            return cls(**parts[2])
        except Exception:  # noqa: BLE001 - a validator may raise anything
            return self._object(EXT_PYDANTIC_V2, parts)

    def _object(self, code: int, parts: Any) -> Any:
        module, name = parts[0], parts[1]
        try:
            cls = self._classes.get((module, name))
            if cls is None or code == EXT_METHOD_SINGLE_ARG:
                self._check(module, name, parts[3] if code == EXT_METHOD_SINGLE_ARG else None)
                cls = self._classes[module, name] = getattr(import_module(module), name)
            return _BUILDERS[code](cls, *parts[2:])
        except UnreadableTypeError:
            raise
        except Exception as error:
            reason = (
                f"which could not be rebuilt ({type(error).__name__}): bring the class back under that name, able to "
                f"take the data that it once had, or delete the thread"
            )
            raise UnreadableTypeError(module, name, reason) from error

    def _check(self, module: str, name: str, method: str | None) -> None:
        if method is not None:
            allowed = (module, name, method) in SAFE_MSGPACK_METHODS
        else:
            listed = self._allowed if isinstance(self._allowed, set) else ()
            allowed = self._allowed is True or (module, name) in SAFE_MSGPACK_TYPES or (module, name) in listed
        if not allowed:
            reason = (
                f"which is not allowed here (LANGGRAPH_STRICT_MSGPACK, allowed_msgpack_modules): if you trust it, "
                f"open MnemonSaver(allowed_msgpack_modules=[({module!r}, {name!r})])"
            )
            raise UnreadableTypeError(module, name, reason)


def _from_argument(cls: Any, argument: Any) -> Any:
    return cls(argument)


def _from_named(cls: Any, named: Any) -> Any:
    return cls(**named)


def _from_method(cls: Any, argument: Any, method: str) -> Any:
    return getattr(cls, method)(argument)


def _from_arguments(cls: Any, arguments: Any) -> Any:
    if (cls.__module__, cls.__name__) == ("langgraph.types", "Send") and len(arguments) == _SEND_WITH_TIMEOUT:
        return cls(arguments[0], arguments[1], timeout=arguments[2])
    return cls(*arguments)


def _validated(construct: str) -> Callable[..., Any]:
    """Build a pydantic model; as LangGraph does, one that refuses its own old data is built without validation."""

    def build(cls: Any, fields: Any, *_: object) -> Any:
        try:
            return cls(**fields)
        except Exception:  # noqa: BLE001 - a validator may raise anything
            return getattr(cls, construct)(**fields)

    return build


_BUILDERS: dict[int, Callable[..., Any]] = {
    EXT_CONSTRUCTOR_SINGLE_ARG: _from_argument,
    EXT_CONSTRUCTOR_POS_ARGS: _from_arguments,
    EXT_CONSTRUCTOR_KW_ARGS: _from_named,
    EXT_METHOD_SINGLE_ARG: _from_method,
    EXT_PYDANTIC_V1: _validated("construct"),
    EXT_PYDANTIC_V2: _validated("model_construct"),
}


def _array(kind: str, shape: tuple[int, ...], order: Literal["C", "F"], content: bytes) -> object:
    return numpy.frombuffer(content, dtype=numpy.dtype(kind)).reshape(shape, order=order)


def exact(serde: SerializerProtocol | None, allowed: AllowedMsgpackModules | None) -> SerializerProtocol:
    """Return a serializer that raises where LangGraph's own would give raw data.

    Args:
        serde: the caller's, or None. LangGraph's own and its encrypted form are taken over with all of their
            settings; any other is used as it is.
        allowed: classes that may be rebuilt beyond those that LangGraph knows.

    Raises:
        ValueError: classes are allowed for a serializer that has no such setting.
    """
    if serde is None:
        return ExactSerializer() if allowed is None else ExactSerializer(allowed_msgpack_modules=allowed)
    if isinstance(serde, EncryptedSerializer):
        taken = copy.copy(serde)
        taken.serde = exact(serde.serde, allowed)
        return taken
    if not isinstance(serde, JsonPlusSerializer):
        if allowed is not None:
            msg = f"{type(serde).__name__} does not know allowed_msgpack_modules; give one of the two"
            raise ValueError(msg)
        return serde
    return ExactSerializer.taking(serde, allowed)


def dump(serde: SerializerProtocol, value: object) -> bytes:
    """Return a value as bytes that tell their own type."""
    kind, content = serde.dumps_typed(value)
    return b"".join((kind.encode(), b"\0", content))


def load(serde: SerializerProtocol, stored: bytes) -> Any:
    """Return the value that `dump` made bytes of."""
    kind, _, content = stored.partition(b"\0")
    return serde.loads_typed((kind.decode(), content))
