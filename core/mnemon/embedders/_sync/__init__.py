# Generated from core/mnemon/embedders/_async/__init__.py by tests/contracts/unasync.py; edit that file.
"""Requests of embedders, written once; the twin beside it is generated."""
