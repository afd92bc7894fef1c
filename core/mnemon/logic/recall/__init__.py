"""Recall: a query read, and a pool of memories ranked by it."""

from mnemon.logic.recall.bands import day_in
from mnemon.logic.recall.block import check_max_tokens, render_block, without_blocks
from mnemon.logic.recall.pack import Heard, estimated_tokens, pack
from mnemon.logic.recall.pool import Pool, length_of, pool_of, role_number
from mnemon.logic.recall.query import Query, dense_applies, read_query
from mnemon.logic.recall.rank import rank, ranking, term_weights
from mnemon.logic.recall.spelling import near_terms, repair
from mnemon.logic.recall.turns import SIGNALS, Ranked, Turn

__all__ = [
    "SIGNALS",
    "Heard",
    "Pool",
    "Query",
    "Ranked",
    "Turn",
    "check_max_tokens",
    "day_in",
    "dense_applies",
    "estimated_tokens",
    "length_of",
    "near_terms",
    "pack",
    "pool_of",
    "rank",
    "ranking",
    "read_query",
    "render_block",
    "repair",
    "role_number",
    "term_weights",
    "without_blocks",
]
