# Generated from integrations/mnemon_crewai/_async/__init__.py by tests/contracts/unasync.py; edit that file.
"""What does I/O, written once."""
