"""What reads and writes rows of this adapter; the sync twin is generated."""
