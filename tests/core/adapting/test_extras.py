"""A framework that is missing is told with the line that installs it; another missing module is not hidden."""

from __future__ import annotations

from importlib import import_module

import pytest

from mnemon import MissingExtraError
from mnemon.adapting.extras import requires_extra


def test_a_missing_framework_gives_the_pip_line() -> None:
    with pytest.raises(MissingExtraError, match=r'pip install "mnemon\[weaver\]"'), requires_extra("weaver", "weaver"):
        import_module("weaver.looms")


def test_another_missing_module_is_passed_on() -> None:
    with pytest.raises(ModuleNotFoundError, match="yarn") as raised, requires_extra("weaver", "weaver"):
        import_module("yarn")

    assert not isinstance(raised.value, MissingExtraError)
