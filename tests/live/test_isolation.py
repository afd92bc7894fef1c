"""Nobody reads what is another's, whatever many do at once; and the test that says so can fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mnemon.stores.weaviate import naming
from mnemon.stores.weaviate.conditions import Compiled
from tests.live.canary import cross_reads, tenants

if TYPE_CHECKING:
    from mnemon.stores.weaviate import WeaviateStore
    from mnemon.types.filters import Filter
    from mnemon.types.storage import Collection


@pytest.mark.parametrize(("number", "operations"), [(12, 30), pytest.param(50, 2_000, marks=pytest.mark.nightly)])
def test_no_tenant_reads_what_another_wrote(shared_store: WeaviateStore, number: int, operations: int) -> None:
    everybody = tenants(shared_store, number)

    foreign = cross_reads(everybody, operations)

    assert foreign == 0
    assert sum(len(one.ids) for one in everybody) > number


def no_filter(tree: Filter, collection: Collection) -> Compiled:
    """Ask the server for every row, and say that this is what was asked."""
    return Compiled(None, exact=True)


def test_without_the_filter_tenants_of_one_project_would_read_each_other(
    shared_store: WeaviateStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody = tenants(shared_store, 5)
    for module in ("reader", "pages", "searching", "writer"):
        monkeypatch.setattr(f"mnemon.stores.weaviate._sync.{module}.compile_filter", no_filter)

    assert cross_reads(everybody, 8) > 0


def one_for_all(project: str) -> str:
    """Give every project the same tenant."""
    return "one-for-all"


def test_without_the_tenant_projects_would_read_each_other(
    shared_store: WeaviateStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody = [one for one in tenants(shared_store, 15) if one.user_id == "1"]
    monkeypatch.setattr(naming, "tenant_of", one_for_all)

    assert cross_reads(everybody, 8) > 0
