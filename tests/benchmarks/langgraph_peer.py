"""Checkpoints of mnemon beside LangGraph's own SQLite savers: put, get_tuple, list, bytes; threads; search.

Asked for by name: `python tests/benchmarks/langgraph_peer.py`, with `mnemon[langgraph]` and `langgraph-checkpoint-sqlite`.
"""
