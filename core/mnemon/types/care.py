"""What looking after a store answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mnemon.types.jsonvalue import Json
    from mnemon.types.storage import Finding

__all__ = ["BackedUp", "Checkup"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedUp:
    """A copy of a store.

    Attributes:
        path: where it lies.
        bytes: how large it is.
    """

    path: str
    bytes: int

    def to_dict(self) -> dict[str, Json]:
        """Return the facts as JSON data."""
        return {"path": self.path, "bytes": self.bytes}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkup:
    """What a doctor found.

    Attributes:
        findings: what does not fit; each says whether it was mended.
        notes: what is unusual and may be meant, such as memories whose message was taken out of the log.
    """

    findings: tuple[Finding, ...] = ()
    notes: tuple[Finding, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong, or everything that was is mended."""
        return all(finding.repaired for finding in self.findings)

    def to_dict(self) -> dict[str, Json]:
        """Return the findings as JSON data."""
        return {
            "sound": self.sound,
            "findings": [_finding(one) for one in self.findings],
            "notes": [_finding(one) for one in self.notes],
        }


def _finding(one: Finding) -> dict[str, Json]:
    return {
        "collection": one.collection,
        "kind": one.kind,
        "project": one.project,
        "rows": one.rows,
        "ids": list(one.ids),
        "repaired": one.repaired,
    }
