"""What the adapters of all frameworks share."""

from __future__ import annotations

from mnemon.adapting.converting import KEY, Data, Translation, from_framework, results_apart, to_framework
from mnemon.adapting.parts import attachment, data_uri, placeholder, read_arguments

__all__ = [
    "KEY",
    "Data",
    "Translation",
    "attachment",
    "data_uri",
    "from_framework",
    "placeholder",
    "read_arguments",
    "results_apart",
    "to_framework",
]
