"""What reads and writes, written once; `_sync` is generated from it."""
