"""Requests of embedders, written once; the twin beside it is generated."""
