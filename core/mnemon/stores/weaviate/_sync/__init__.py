# Generated from core/mnemon/stores/weaviate/_async/__init__.py by tests/contracts/unasync.py; edit that file.
"""The store's input and output, written once; the twin beside it is generated."""
