# Generated from integrations/mnemon_langchain/_async/__init__.py by tests/contracts/unasync.py; edit that file.
"""What reads and writes rows of this adapter; the sync twin is generated."""
