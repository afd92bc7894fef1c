"""The engine, written once, asynchronously; `_sync` is generated from it."""
