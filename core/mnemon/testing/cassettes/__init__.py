"""Records what weaviate-client and a real server say to each other, and plays it back without the server.

One readable file a test holds both halves of the traffic: REST, through vcrpy, and gRPC, through interceptors,
sync and async. Needs the extra `mnemon[cassettes]`; the how-to guide on cassettes shows the whole way.
"""

from __future__ import annotations

from mnemon.errors import MissingExtraError

try:
    import grpc
    import vcr  # pyright: ignore[reportMissingTypeStubs] - it has none
    import weaviate
    import yaml
except ImportError as error:
    feature = "mnemon.testing.cassettes"
    raise MissingExtraError(feature, "cassettes") from error

from mnemon.testing.cassettes.errors import CassetteError
from mnemon.testing.cassettes.fixtures import Cassette, RecordedServer, cassette
from mnemon.testing.cassettes.form import MOST_BYTES
from mnemon.testing.cassettes.inventory import cassette_problems
from mnemon.testing.cassettes.recorder import recording, replaying
from mnemon.testing.cassettes.secrets import secrets_in

del grpc, vcr, weaviate, yaml

__all__ = [
    "MOST_BYTES",
    "Cassette",
    "CassetteError",
    "RecordedServer",
    "cassette",
    "cassette_problems",
    "recording",
    "replaying",
    "secrets_in",
]
