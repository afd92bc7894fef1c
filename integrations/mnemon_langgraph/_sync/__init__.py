# Generated from integrations/mnemon_langgraph/_async/__init__.py by tests/contracts/unasync.py; edit that file.
"""What reads and writes, written once; `_sync` is generated from it."""
