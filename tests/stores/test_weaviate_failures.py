"""What an error of the server means: to be asked again, or to be told."""

from __future__ import annotations

import pytest

pytest.importorskip("weaviate", reason='WeaviateStore needs pip install "mnemon[weaviate]"')

from weaviate.exceptions import WeaviateInsertManyAllFailedError

from mnemon.errors import StoreReadOnlyError, StoreUnavailableError
from mnemon.stores.weaviate.failures import is_transient, refuse_passing, translated

WHILE_A_SPACE_IS_ADDED = "store is read-only due to: UpdateVectorIndexConfigs: [space_0 none_]"
"""As Weaviate 1.39.0 said it of a batch, while another process declared a vector space."""


def test_a_shard_that_takes_in_a_vector_space_is_asked_again() -> None:
    error = WeaviateInsertManyAllFailedError(WHILE_A_SPACE_IS_ADDED)

    assert is_transient(error)
    with pytest.raises(Exception, match="UpdateVectorIndexConfigs") as caught:
        refuse_passing([WHILE_A_SPACE_IS_ADDED])
    assert is_transient(caught.value)
    with (
        pytest.raises(StoreUnavailableError, match="vector space and did not write; try again"),
        translated("here", "write"),
    ):
        raise error


def test_a_shard_that_was_set_read_only_is_not() -> None:
    error = WeaviateInsertManyAllFailedError("store is read-only due to: disk usage too high")

    assert not is_transient(error)
    refuse_passing([str(error)])
    with pytest.raises(StoreReadOnlyError, match="READY"), translated("here", "write"):
        raise error
