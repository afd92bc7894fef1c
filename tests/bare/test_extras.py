"""What needs an extra says so with the pip line, and nothing else breaks."""

from __future__ import annotations

import subprocess
import sys

import pytest

WITHOUT = """
import sys
for name in {missing!r}:
    sys.modules[name] = None
import mnemon
try:
    import {module}
except ImportError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize(
    ("module", "missing", "extra"),
    [
        ("mnemon.testing", ["hypothesis"], "testing"),
        ("mnemon.testing", ["pytest"], "testing"),
        ("mnemon.embedders.openai_compatible", ["httpx"], "openai"),
        ("mnemon.embedders.openai_compatible", ["stamina"], "openai"),
    ],
)
def test_a_missing_extra_is_named_with_its_pip_line(module: str, missing: list[str], extra: str) -> None:
    code = WITHOUT.format(missing=missing, module=module)

    outcome = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)

    assert outcome.stdout.startswith("MissingExtraError ")
    assert f'pip install "mnemon[{extra}]"' in outcome.stdout
