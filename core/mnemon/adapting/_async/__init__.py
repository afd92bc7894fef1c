"""What reads and writes for adapters; the sync twin is generated."""
