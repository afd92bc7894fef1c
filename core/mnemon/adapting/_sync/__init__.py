# Generated from core/mnemon/adapting/_async/__init__.py by tests/contracts/unasync.py; edit that file.
"""What reads and writes for adapters; the sync twin is generated."""
