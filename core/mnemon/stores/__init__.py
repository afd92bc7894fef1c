"""Backends: each keeps rows, none knows another."""
