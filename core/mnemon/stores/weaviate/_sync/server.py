# Generated from core/mnemon/stores/weaviate/_async/server.py by tests/contracts/unasync.py; edit that file.
"""One server: its client, connected when it is first needed, and every request with a limit of time."""

from __future__ import annotations

import os
import threading
from datetime import UTC
from email.utils import parsedate_to_datetime
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

import stamina
from weaviate import WeaviateClient
from weaviate.classes.config import ConsistencyLevel
from weaviate.exceptions import UnexpectedStatusCodeError

from mnemon.errors import ClosedError, StoreError
from mnemon.protocols.clock import random_id
from mnemon.stores.weaviate import naming
from mnemon.stores.weaviate.addresses import attempt_s
from mnemon.stores.weaviate.concurrency import Lock, blocking, limited, loop
from mnemon.stores.weaviate.failures import is_final, is_transient, translated

if TYPE_CHECKING:
    from datetime import datetime
    from threading import Event
    from uuid import UUID

    from mnemon.protocols.clock import NewId
    from mnemon.stores.weaviate.addresses import Address
    from mnemon.stores.weaviate.concurrency import Call, Rows
    from mnemon.stores.weaviate.embedded import Embedded

__all__ = ["Server"]

Answer = TypeVar("Answer")

_OK, _NOT_FOUND = 200, 404


class Server:
    """Asks one Weaviate, at one level of consistency: QUORUM, for reads and writes alike."""

    def __init__(
        self,
        client: WeaviateClient | None,
        address: Address | Embedded | None,
        *,
        prefix: str,
        timeout_s: float,
        new_id: NewId = random_id,
    ) -> None:
        """Use an open client, which stays its owner's, or make one for an address at first use."""
        self.new_id = new_id
        self.prefix = naming.check_prefix(prefix)
        self.timeout_s = timeout_s
        self.key_of_logs: str | None = None
        self._attempt_s = attempt_s(timeout_s)
        self.where = "the client that was given" if address is None else str(address)
        self._address = address
        self._client = client
        self._owned = client is None
        self._classes: dict[str, Rows] = {}
        self._lock = Lock()
        self._pid = os.getpid()
        self._loop: object = None
        self._doubting = threading.Lock()  # held for no request
        self._doubts = 0
        self._doubtful_until = -inf

    def client(self) -> WeaviateClient:
        """Return the connected client."""
        if self._pid != os.getpid():
            msg = f"this store was opened in process {self._pid} and carried over a fork; open a new one"
            raise ClosedError(msg)
        if self._client is None:
            with self._lock:
                if self._client is None and (address := self._address) is not None:
                    client = blocking(lambda: address.client(WeaviateClient, self.timeout_s))
                    try:
                        with translated(self.where, "connect"), limited(self.timeout_s):
                            client.connect()
                    except BaseException:
                        client.close()  # it may be connected by half
                        raise
                    self._client, self._loop = client, loop()
        if self._owned and self._client is not None and self._loop is not loop():
            msg = "this store was connected in another event loop, which its client cannot leave; open one in each loop"
            raise ClosedError(msg)
        if self._client is None:
            msg = "this store is closed; open a new one"
            raise ClosedError(msg)
        return self._client

    def rows(self, collection: str, project: str) -> Rows:
        """Return a collection's rows of one project."""
        return self._tenant(naming.class_name(self.prefix, collection), naming.tenant_of(project))

    def parts(self, project: str) -> Rows:
        """Return one project's parts of large values."""
        return self._tenant(naming.parts_class(self.prefix), naming.tenant_of(project))

    def changes(self, project: str) -> Rows:
        """Return one project's log of changes."""
        return self._tenant(naming.changes_class(self.prefix), naming.tenant_of(project))

    def log_key(self, project: str) -> str:
        """Return the key of a project's log of changes; the schemas find it out when they prepare the server."""
        if self.key_of_logs is None:
            msg = f"the log of changes of Weaviate at {self.where} was not looked at yet; declare a collection first"
            raise StoreError(msg)
        return f"{self.key_of_logs} {naming.tenant_of(project)}"

    def _tenant(self, name: str, tenant: str) -> Rows:
        client = self.client()
        rows = self._classes.get(name)
        if rows is None:  # the client takes a tenth of a millisecond to make each of these, and each call needs one
            rows = client.collections.use(name).with_consistency_level(ConsistencyLevel.QUORUM)
            self._classes[name] = rows
        return rows.with_tenant(tenant)

    def ask(self, doing: str, call: Call[Answer], silence: Event | None = None) -> Answer:
        """Return what one request returns that must not be carried out twice; for `silence` see `ask_again`."""
        with translated(self.where, doing):
            return self._attempt(call, silence)

    def ask_again(self, doing: str, call: Call[Answer], silence: Event | None = None) -> Answer:
        """Return what one request returns, repeated while there is no answer, or no leader: it does no harm twice.

        Args:
            doing: what is asked, for messages.
            call: the request.
            silence: set where an attempt had no answer, so that the server may carry it out later, whatever it
                says to the next one.
        """
        with translated(self.where, doing):
            for attempt in stamina.retry_context(
                on=is_transient, attempts=None, timeout=self.timeout_s, wait_initial=0.1, wait_max=2.0
            ):
                with attempt:
                    return self._attempt(call, silence)
        raise AssertionError  # the last attempt raises

    def _attempt(self, call: Call[Answer], silence: Event | None) -> Answer:
        doubts = self._doubts
        try:
            with limited(self._attempt_s):
                answer = call()
        except BaseException as error:  # a call that is cancelled has no answer either
            if silence is not None and not is_final(error):
                self.doubt(silence)
            raise
        with self._doubting:
            if self._doubtful_until == inf and self._doubts == doubts:  # and not asked before something broke off
                self._doubtful_until = monotonic() + self.timeout_s
        return answer

    def doubt(self, silence: Event) -> None:
        """Note that the server may carry out a request later: until it answers again, and a call's time from then.

        A server that is silent goes on with what it was asked when it wakes, however long that takes.
        """
        silence.set()
        with self._doubting:
            self._doubts += 1
            self._doubtful_until = inf

    def broken_off(self) -> bool:
        """Say whether a request that writes had no answer lately, so that the server may be at it yet."""
        return monotonic() < self._doubtful_until

    def version(self) -> str:
        """Return the server's version."""
        client: Any = self.client()
        meta: dict[str, Any] = self.ask_again("tell its version", client.get_meta)
        return str(meta.get("version", ""))

    def now(self) -> datetime:
        """Return the server's time, to the second; what it says when it got an object is by the same clock."""
        client = self.client()
        connection: Any = client._connection  # noqa: SLF001 - as in `object_now`
        answer: Any = self.ask_again("tell the time", lambda: connection.get(path="/meta"))
        said = str(answer.headers.get("Date", ""))
        try:
            time = parsedate_to_datetime(said)
        except ValueError as error:
            msg = f"Weaviate at {self.where} does not tell its time: the answer's header Date is {said!r}"
            raise StoreError(msg) from error
        return time.replace(tzinfo=time.tzinfo or UTC)  # HTTP's dates are in UTC (RFC 9110), whatever they say

    def object_now(self, collection: str, project: str, uuid: UUID) -> dict[str, Any] | None:
        """Return a row's object as most of its replicas have it, and None where they have none."""
        return self._now(naming.class_name(self.prefix, collection), project, uuid)

    def part_now(self, project: str, uuid: UUID) -> dict[str, Any] | None:
        """Return a part of a large value as most of its replicas have it, and None where they have none."""
        return self._now(naming.parts_class(self.prefix), project, uuid)

    def _now(self, name: str, project: str, uuid: UUID) -> dict[str, Any] | None:
        """Return an object of a class.

        The client reads objects by queries only, which ask one replica. The request that asks them
        all is REST's, and the client's own connection is the one that has the keys for it.
        """
        client = self.client()
        connection: Any = client._connection  # noqa: SLF001 - see above
        path = f"/objects/{name}/{uuid}"
        params = {
            "tenant": naming.tenant_of(project),
            "consistency_level": ConsistencyLevel.QUORUM.value,
            "include": "vector",
        }
        doing = "read a row"

        def asked() -> Any:  # noqa: ANN401 - of httpx
            answer = connection.get(path=path, params=params)
            if answer.status_code in {_OK, _NOT_FOUND} or "tenant not found" in answer.text:
                return answer
            raise UnexpectedStatusCodeError(doing, answer)

        answer = self.ask_again(doing, asked)
        return answer.json() if answer.status_code == _OK else None

    def close(self) -> None:
        """Close the client, if it is our own."""
        client, self._client, self._address = self._client, None, None
        self._classes.clear()
        if client is not None and self._owned and self._pid == os.getpid():
            client.close()
