"""Frozen data: what goes in, what is kept, and what comes out."""
