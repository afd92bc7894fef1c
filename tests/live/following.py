"""What the tests of Weaviate's log of changes share: a look into it, and writing behind its back."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from weaviate.classes.data import DataObject
from weaviate.classes.query import Filter, MetadataQuery, Sort

from mnemon.stores.weaviate import naming
from mnemon.stores.weaviate.schema import changes_key
from mnemon.testing.samples import NOTES, PROJECT
from mnemon.types.filters import where
from tests.live.conftest import client_of

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from uuid import UUID

    from mnemon.stores.weaviate import WeaviateStore
    from tests.live.conftest import Place

ALICE = where("user_id").eq("alice")
ADD = "add to the log of changes"
"""What the store calls the requests that add entries to the log, ends among them."""


@contextmanager
def noted(place: Place, **options: object) -> Generator[WeaviateStore]:
    """Open a store that has declared the notes."""
    with place.open(**options) as store:
        store.declare(NOTES)
        yield store


def log_of(place: Place, client: Any) -> Any:  # noqa: ANN401 - of weaviate-client
    return client.collections.use(naming.changes_class(place.prefix)).with_tenant(naming.tenant_of(PROJECT))


def token_on(place: Place, client: Any, project: str = PROJECT) -> str:  # noqa: ANN401 - of weaviate-client
    """Return what stands for all notes of a project in the log."""
    config = client.collections.use(naming.changes_class(place.prefix)).config.get()
    return naming.change_token(f"{changes_key(config)} {naming.tenant_of(project)}", "notes")


def without_ends(place: Place) -> None:
    """Leave the log as writers would who died before they came to say that they were done."""
    with client_of(place) as client:
        every = Filter.by_property(naming.ENDED).contains_any([token_on(place, client)])
        deleted = log_of(place, client).data.delete_many(every)
        assert deleted.successful > 0


def without_end_of_newest(place: Place) -> None:
    """Leave the log as the last writer would who died before it came to say that it was done."""
    with client_of(place) as client:
        assert log_of(place, client).data.delete_by_id(naming.end_id(newest_entry(place).uuid))


def without_newest(place: Place) -> None:
    """Leave the log as a server would that lost what it was told last."""
    with client_of(place) as client:
        assert log_of(place, client).data.delete_by_id(newest_entry(place).uuid)


def newest_entry(place: Place) -> Any:  # noqa: ANN401 - of weaviate-client
    """Return the last change that was announced, as the server has it."""
    with client_of(place) as client:
        found = log_of(place, client).query.fetch_objects(
            filters=Filter.by_property(naming.BEGUN).contains_any([token_on(place, client)]),
            sort=Sort.by_creation_time(ascending=False),
            limit=1,
            return_metadata=MetadataQuery(creation_time=True),
        )
        return found.objects[0]


def add_behind(place: Place, uuid: UUID, properties: Mapping[str, Any]) -> None:
    """Add an entry to the log as a request would that was repeated, or took very long."""
    kept = {name: value for name, value in properties.items() if value is not None}
    with client_of(place) as client:
        assert not log_of(place, client).data.insert_many([DataObject(uuid=uuid, properties=kept)]).has_errors


def begun(place: Place, name: str = naming.BEGUN) -> int:
    """Return how many changes were announced; with another name how many of them were ended."""
    with client_of(place) as client:
        counted = log_of(place, client).aggregate.over_all(
            filters=Filter.by_property(name).contains_any([token_on(place, client)]), total_count=True
        )
        return counted.total_count or 0


def unended(place: Place) -> int:
    return begun(place) - begun(place, naming.ENDED)


def written_behind(place: Place, row_id: str) -> None:
    """Change a row as a request that took very long would: the server carries it out, and nobody was told."""
    with client_of(place) as client:
        rows = client.collections.use(naming.class_name(place.prefix, "notes")).with_tenant(naming.tenant_of(PROJECT))
        rows.data.update(uuid=naming.object_id(row_id), properties={naming.field_property("kind"): ["=late=", "+"]})


def taken_behind(place: Place, row_id: str) -> Any:  # noqa: ANN401 - of weaviate-client
    """Delete a row as a request that took very long would, and return what it was."""
    with client_of(place) as client:
        rows = client.collections.use(naming.class_name(place.prefix, "notes")).with_tenant(naming.tenant_of(PROJECT))
        uuid = naming.object_id(row_id)
        taken = rows.query.fetch_object_by_id(uuid, include_vector=True)
        assert rows.data.delete_by_id(uuid)
        return taken


def put_behind(place: Place, taken: Any) -> None:  # noqa: ANN401 - of weaviate-client
    """Write a row as a request that took very long would."""
    kept = {name: value for name, value in taken.properties.items() if value is not None}
    with client_of(place) as client:
        rows = client.collections.use(naming.class_name(place.prefix, "notes")).with_tenant(naming.tenant_of(PROJECT))
        rows.data.insert(kept, uuid=taken.uuid, vector=taken.vector)
