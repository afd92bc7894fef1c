"""Evaluation: conversations with questions, asked of mnemon and of plain baselines, and what was found of the evidence.

Used by `mnemon eval` and `mnemon calibrate`, by the recall gate and by the benchmarks. It needs the extra `cli`,
whose ijson reads the published files.
"""

from mnemon.apps.evaluation.calibrating import Fit, fit_to_memories, fit_to_questions
from mnemon.apps.evaluation.chart import bar_chart
from mnemon.apps.evaluation.conversations import OVERALL, Conversation, Question, Turn
from mnemon.apps.evaluation.figures import MEASURES, Figure
from mnemon.apps.evaluation.reading import FORMATS, read_conversations
from mnemon.apps.evaluation.report import Report, evaluate
from mnemon.apps.evaluation.systems import Engine, System, bm25, cosine

__all__ = [
    "FORMATS",
    "MEASURES",
    "OVERALL",
    "Conversation",
    "Engine",
    "Figure",
    "Fit",
    "Question",
    "Report",
    "System",
    "Turn",
    "bar_chart",
    "bm25",
    "cosine",
    "evaluate",
    "fit_to_memories",
    "fit_to_questions",
    "read_conversations",
]
