"""English."""

from __future__ import annotations

from mnemon.logic.analysis.languages.table import Language

__all__ = ["LANGUAGE"]

# Contractions ("don't", "I'm") are left in: they say little and weigh little, but without them recall@10 was
# .001 (people) and .005 (assistant chats) lower.
_STOP_WORDS = """
a an the and or but if than then so as just some
am is are was were be been being has have had having do does did doing done can could will would
i me my mine myself you your yours we us our he him his she her hers it its they them their
this that these those there here what when where which who whom whose why how
about at by for from in into of on out to with
"""

_NEGATIONS = """
no not never none nobody nothing nowhere neither nor without cannot
ain't aren't can't couldn't didn't doesn't don't hadn't hasn't haven't isn't mustn't needn't shouldn't wasn't weren't
won't wouldn't
"""

_MONTHS = {
    "january": 1, "february": 2, "march": 3, "april": 4, "may": 5, "june": 6,
    "july": 7, "august": 8, "september": 9, "october": 10, "november": 11, "december": 12,
    "jan": 1, "feb": 2, "mar": 3, "apr": 4, "jun": 6, "jul": 7,
    "aug": 8, "sept": 9, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
}  # fmt: skip
_DOUBTFUL = ("march", "may", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sept", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "a couple of": 2, "three": 3, "a few": 3, "four": 4, "five": 5, "six": 6,
    "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
}  # fmt: skip

_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DAY_OF_WEEK = "|".join(_WEEKDAYS)
_DAY = r"(?P<day>[0-3]?\d)(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_SEASON = "spring|summer|fall|autumn|winter"
_CERTAIN = "|".join(month for month in _MONTHS if month not in _DOUBTFUL)

_CHATS = r"(?:conversation|discussion|chat|session|message)s?|requests"
_SAID = r"(?:mention(?:ed)?|sa(?:y|id)|t(?:ell|old)|(?:bring|brought)\s+up)"
_TALK = rf"""(?x)
    # where it was said
    \b(?:in|during|over|across|throughout|from|through)\s+(?:all\s+)?(?:of\s+)?(?:our|my|the|these)\s+
        (?:\w+\s+)?(?:{_CHATS})\b(?:\s+so\s+far)?
    # how to answer
  | \b(?:can|could|will|would)\s+you\s+(?:please\s+)?(?:give|help|list|provide|remind|show|tell|walk)\b
        (?:\s+me)?(?:\s+(?:through|with))?(?:\s+(?:a|an|the))?
        (?:\s+(?:brief|complete|comprehensive|detailed|full|quick|short))?
        (?:\s+(?:list|overview|summary)\s+of)?(?=\s)
  | \b(?:please\s+)?(?:answer|give|list|mention|name|reply)\s+(?:exactly|only)\b.*$
  | ,?\s*\bin\s+order(?=\s*[.,?]|\s*$)
    # that it was said
  | \b(?:the\s+)?order\s+in\s+which\s+(?:i|you|we)\s+(?:brought\s+up|discussed|mentioned|talked\s+about)
        (?:\s+(?:different|various))?(?:\s+(?:aspects|things|topics)\s+of)?
  | \b(?:did|had|have)\s+(?:i|you|we)\s+(?:ever\s+)?{_SAID}(?:\s+(?:that|to\s+you|you))?
"""

# Narrow on purpose: with "do you" and "would you" BEAM loses .04.
_TOLD = "advise|describe|give|introduce|mention|provide|recommend|say|share|suggest|teach|tell"
_TOLD_PAST = "advised|described|gave|introduced|mentioned|provided|recommended|said|shared|suggested|taught|told"
_ADDRESSED = (
    rf"\bdid\s+you\s+(?:\w+ly\s+)?(?:{_TOLD})\b"
    rf"|\byou(?:'ve|\s+have|\s+had)?\s+(?:\w+ly\s+)?(?:{_TOLD_PAST}|given)\b"
    r"|\b(?:the\s+)?assistant\s+(?:\w+ly\s+)?(?:" + _TOLD_PAST + r")\b"
)

LANGUAGE = Language(
    code="en",
    stop_words=frozenset(_STOP_WORDS.split()),
    negations=frozenset(_NEGATIONS.split()),
    stemmer="english",
    endings=("'s",),
    me=("I", "my"),
    time_words=(
        r"\b(?:yesterday|today|tonight|tomorrow|ago|since|recently|just|weekend|(?:year|month|week)s?"
        rf"|last\s+(?:night|week|weekend|month|year|mon|tue|wed|thu|fri|sat|sun|{_SEASON})\w*"
        r"|next\s+(?:week|weekend|month|year)\w*|this\s+(?:morning|week|weekend|month|year)"
        rf"|(?:19|20)\d\d|march|{_CERTAIN}|{_DAY_OF_WEEK})\b"
    ),
    asks_when=(
        r"\W*(?:when|how\s+long|how\s+many\s+(?:day|week|month|year)s|(?:in\s+|on\s+)?(?:what|which)\s+(?:date|day|month|year))\b"
    ),
    first_person=r"\b(?:i|i'm|i've|i'd|i'll|me|my|mine|myself|we|us|our)\b",
    summary=r"\b(?:summar(?:y|ies|i[sz]e|i[sz]ing)|overview|recap|sum\s+up|bring\s+me\s+up\s+to\s+date)\b",
    # Not every "how many": how many sources there are is mostly said in one turn. And not "in order to".
    gathers=(
        r"\bhow\s+many\s+(?:different|distinct|kinds|separate|sorts|specific|times|total|types|unique|various)\b"
        r"|\border\s+in\s+which\b|\bin\s+(?:what|which)\s+order\b|\bin\s+order(?=\s*[.,?]|\s*$)"
        r"|\b(?:across|throughout)\s+(?:all\s+)?(?:of\s+)?(?:my|our)\b|\ball\s+(?:of\s+)?(?:my|our|the)\b"
        r"|\b(?:different|various)\b"
    ),
    together=r"\b(?:and|or|both)\b",
    # Not where one's own words are meant: "what was it that I suggested and you said no to".
    addressed=rf"(?s)^(?!.*\b(?:i\s+(?:{_TOLD_PAST})|did\s+i\s+(?:{_TOLD}))\b).*?(?:{_ADDRESSED})",
    talk=_TALK,
    months=_MONTHS,
    doubtful=frozenset(_DOUBTFUL),
    before_month=r"\b(?:in|of|since|until|till|early|late|mid|last|this|from|during|before|after|between)[\s-]+$",
    weekdays={name: number for number, name in enumerate(_WEEKDAYS)},
    numbers=_NUMBERS,
    units={
        "day": "day",
        "days": "day",
        "week": "week",
        "weeks": "week",
        "weekend": "weekend",
        "weekends": "weekend",
        "month": "month",
        "months": "month",
        "year": "year",
        "years": "year",
    },
    seasons={"spring": 3, "summer": 6, "fall": 9, "autumn": 9, "winter": 12},
    days={"the day before yesterday": 2, "yesterday": 1, "last night": 1, "today": 0, "this morning": 0, "tonight": 0},
    date=(
        rf"\b(?:{_DAY}\s+(?:of\s+)?(?P<month>{_MONTH})|(?P<month_first>{_MONTH})\.?\s+(?:the\s+)?"
        rf"(?P<day_after>[0-3]?\d)(?:st|nd|rd|th)?(?!\d))\b(?:,?\s+(?:of\s+)?{_YEAR}\b)?"
    ),
    month=rf"\b(?P<month>{_MONTH})\b\.?(?:,?\s+(?:of\s+)?{_YEAR}\b)?",
    year=(
        rf"(?:\b(?:in|since|during|of|by|from|until|till|to|and|between|before|after|early|late|mid|{_SEASON})[\s-]+{_YEAR}\b"
        rf"(?!\s*[%$\u20ac]|[.,]\d|\s+(?:dollars|euros|words|people|steps|calories|tokens|times))"
        rf"|(?<![\d$\u20ac\u00a3#.,-]){_YEAR.replace('year', 'year_alone')}(?=\s*(?:$|[?!;)]|'s\b|[.,](?!\d))))"
    ),
    last=rf"\b(?:last|past|previous)\s+(?:(?P<unit>week|weekend|month|year)|(?P<season>{_SEASON})|(?P<weekday>{_DAY_OF_WEEK}))\b",
    this=rf"\bthis\s+(?:(?P<unit>week|weekend|month|year)|(?P<season>{_SEASON})|(?P<weekday>{_DAY_OF_WEEK}))\b",
    ago=(
        rf"\b(?P<number>\d{{1,3}}|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})\s+"
        r"(?P<unit>(?:day|week|weekend|month|year)s?)\s+ago\b"
    ),
    weekday=rf"(?<!\bevery )(?<!\beach )(?<!\bnext )\b(?P<weekday>{_DAY_OF_WEEK})\b",
    day_first=False,
)
