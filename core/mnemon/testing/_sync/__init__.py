# Generated from core/mnemon/testing/_async/__init__.py by tests/contracts/unasync.py; edit that file.
"""The promises of a store as tests, written once; the twin beside it is generated."""
