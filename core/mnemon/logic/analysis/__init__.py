"""Text analysis: what memories are found by, made here for every backend alike."""

from mnemon.logic.analysis.names import name_terms, speaker_terms
from mnemon.logic.analysis.text import Analysis, analyse, negation_terms, terms_of

__all__ = ["Analysis", "analyse", "name_terms", "negation_terms", "speaker_terms", "terms_of"]
