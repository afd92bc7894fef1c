# Generated from integrations/mnemon_autogen/_async/__init__.py by tests/contracts/unasync.py; edit that file.
"""What does I/O, written once."""
