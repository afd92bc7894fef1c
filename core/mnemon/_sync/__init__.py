# Generated from core/mnemon/_async/__init__.py by tests/contracts/unasync.py; edit that file.
"""The engine, written once, asynchronously; `_sync` is generated from it."""
