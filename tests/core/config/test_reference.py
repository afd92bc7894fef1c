"""The reference page lists every setting as the model has it; run this file to print the table."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import cast

from pydantic import BaseModel, SecretStr

from mnemon.config import EmbeddingConfig, MemoryConfig
from mnemon.config.layers import KNOWN, variable

PAGE = Path(__file__).parents[3] / "docs/reference/configuration.md"


def test_the_reference_page_lists_every_setting() -> None:
    page = PAGE.read_text(encoding="utf-8").splitlines()

    assert [line for line in page if line.startswith("| setting") or "` | `MNEMON_" in line] == table()


def test_every_setting_is_a_field_of_the_settings() -> None:
    fields = set(MemoryConfig.model_fields) - {"embedding"}

    assert set(KNOWN) == {(name,) for name in fields} | {("embedding", name) for name in EmbeddingConfig.model_fields}


def table() -> list[str]:
    """Return the lines of the table, without the one under its head."""
    rows = ["| setting | environment | takes | default | meaning |"]
    for key, field in KNOWN.items():
        extra = cast("dict[str, str]", field.json_schema_extra)
        default = shown(field.get_default(call_default_factory=True))
        rows.append(f"| `{'.'.join(key)}` | `{variable(key)}` | {extra['accepts']} | {default} | {field.description} |")
    return rows


def shown(default: object) -> str:
    assert not isinstance(default, BaseModel | SecretStr)
    if default in (None, "", {}):
        return "none"
    return f"`{default}`"


if __name__ == "__main__":
    head, *rows = table()
    sys.stdout.write("\n".join([head, "| --- | --- | --- | --- | --- |", *rows, ""]))
