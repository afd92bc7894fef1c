"""German. Texts are case-folded: ß stands here as ss."""

from __future__ import annotations

from mnemon.logic.analysis.languages.table import Language

__all__ = ["LANGUAGE"]

_STOP_WORDS = """
der die das den dem des ein eine einen einem einer eines
und oder aber als wenn dann so auch nur noch schon denn doch mal sehr
bin bist ist sind seid war warst waren wart sein gewesen habe hast hat haben habt hatte hattest hatten hattet gehabt
werde wirst wird werden werdet wurde wurden worden kann kannst können könnt konnte könnte würde würden soll sollte
ich mich mir mein meine meinen meinem meiner meines du dich dir dein deine deinen deinem deiner
er ihn ihm sie ihr ihre ihren ihrem ihrer es sich sein seine seinen seinem seiner wir uns unser unsere unseren unserem
euch euer eure dieser diese dieses diesen diesem jener jene jenes da dort hier
was wann wo wer wen wem wessen warum wieso weshalb wie welche welcher welches welchen welchem
an am auf aus bei beim bis durch für gegen im in ins mit nach seit über um unter von vom vor zu zum zur
"""

_NEGATIONS = (
    "nicht nie niemals niemand niemanden niemandem nichts nirgends weder ohne kein keine keinen keinem keiner keines"
)

_MONTHS = {
    "januar": 1, "jänner": 1, "februar": 2, "märz": 3, "april": 4, "mai": 5, "juni": 6, "juli": 7,
    "august": 8, "september": 9, "oktober": 10, "november": 11, "dezember": 12,
    "jan": 1, "feb": 2, "apr": 4, "jun": 6, "jul": 7, "aug": 8, "sept": 9, "okt": 10, "nov": 11, "dez": 12,
}  # fmt: skip
_SHORT = ("jan", "feb", "apr", "jun", "jul", "aug", "sept", "okt", "nov", "dez")
_WEEKDAYS = ("montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag")
_NUMBERS = {
    "einem": 1, "einer": 1, "zwei": 2, "drei": 3, "ein paar": 3, "vier": 4, "fünf": 5, "sechs": 6, "sieben": 7,
    "acht": 8, "neun": 9, "zehn": 10, "elf": 11, "zwölf": 12,
}  # fmt: skip
_SEASONS = {"frühling": 3, "frühjahr": 3, "sommer": 6, "herbst": 9, "winter": 12}

_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DAY_OF_WEEK = "|".join((*_WEEKDAYS, "sonnabend"))
_SEASON = "|".join(_SEASONS)
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_LAST = r"(?:letzte|vergangene|vorige)[nmrs]?"
_SAID = r"(?:gesagt|erwähnt|erzählt|empfohlen|vorgeschlagen|geraten|erklärt|beschrieben|genannt|gegeben)"

LANGUAGE = Language(
    code="de",
    stop_words=frozenset(_STOP_WORDS.split()),
    negations=frozenset(_NEGATIONS.split()),
    stemmer="german",
    endings=("'s", "'"),
    name_endings=("s",),
    me=("ich", "meine"),
    time_words=(
        r"\b(?:gestern|vorgestern|heute|morgen|übermorgen|neulich|kürzlich|gerade|seit|wochenende"
        r"|(?:tag|woche|monat|jahr)(?:e|en|es|s|n)?|(?:19|20)\d\d"
        rf"|{'|'.join(month for month in _MONTHS if month not in _SHORT)}|{_DAY_OF_WEEK}|{_SEASON})\b"
    ),
    asks_when=(
        r"\W*(?:seit\s+wann|bis\s+wann|wann|wie\s+lange"
        r"|wie\s+viele\s+(?:tage|wochen|monate|jahre)|(?:an|in)\s+welchem\s+(?:tag|datum|monat|jahr))\b"
    ),
    first_person=r"\b(?:ich|mich|mir|mein|meine[nmrs]?|wir|uns|unser|unsere[nmrs]?)\b",
    summary=r"\b(?:zusammenfass\w*|fasse?\b.*\bzusammen|überblick|übersicht)\b",
    gathers=(
        r"\bwie\s+viele\s+(?:arten|male)\b|\bwie\s+viele\s+mal\b|\bin\s+welcher\s+reihenfolge\b|\bder\s+reihe\s+nach\b"
        r"|\balle[nr]?\s+(?:meine[nr]?|unsere[nr]?|die|der|den)\b|\b(?:verschiedene|unterschiedliche)[nrs]?\b"
    ),
    together=r"\b(?:und|oder|beide[nrs]?|sowohl)\b",
    addressed=(
        rf"(?s)\b(?:hast\s+du|du\s+hast|haben\s+sie|sie\s+haben|du)\b[^.?!]*\b{_SAID}\b"
        r"|\b(?:empfahlst|sagtest|rietest|schlugst|nanntest|erklärtest)\s+du\b"
    ),
    talk=(
        r"\b(?:in|während)\s+(?:all\s+)?(?:unseren?|unserem|den|meinen)\s+(?:\w+\s+)?"
        r"(?:gesprächen?|unterhaltung(?:en)?|chats?|nachrichten)\b"
        r"|\b(?:kannst|könntest|würdest)\s+du\s+(?:mir\s+)?(?:bitte\s+)?(?:sagen|nennen|zeigen|geben)\b,?"
        r"|\bhabe?\s+ich\s+(?:dir\s+)?(?:jemals\s+|schon\s+)?(?:gesagt|erzählt|erwähnt),?(?:\s+dass)?"
        r"|\b(?:bitte\s+)?(?:nenne|antworte|liste)\s+nur\b.*$"
    ),
    months=_MONTHS,
    doubtful=frozenset(_SHORT),
    weekdays={**{name: number for number, name in enumerate(_WEEKDAYS)}, "sonnabend": 5},
    numbers=_NUMBERS,
    units={
        "tag": "day",
        "tage": "day",
        "tagen": "day",
        "woche": "week",
        "wochen": "week",
        "wochenende": "weekend",
        "wochenenden": "weekend",
        "monat": "month",
        "monate": "month",
        "monaten": "month",
        "jahr": "year",
        "jahre": "year",
        "jahren": "year",
    },
    seasons=_SEASONS,
    days={"vorgestern": 2, "gestern": 1, "heute": 0},
    date=rf"\b(?P<day>[0-3]?\d)\.?\s*(?P<month>{_MONTH})\b\.?(?:\s+{_YEAR}\b)?",
    month=rf"\b(?P<month>{_MONTH})\b\.?(?:\s+{_YEAR}\b)?",
    year=(
        rf"(?:\b(?:im\s+jahre?|in|seit|ab|bis|von|vor|nach|anfang|mitte|ende|{_SEASON})\s+{_YEAR}\b"
        r"(?!\s*[%$\u20ac]|[.,]\d|\s+(?:euro|dollar|schritte|wörter|mal|leute))"
        rf"|(?<![\d$\u20ac\u00a3#.,-]){_YEAR.replace('year', 'year_alone')}(?=\s*(?:$|[?!;)]|[.,](?!\d))))"
    ),
    last=rf"\b{_LAST}\s+(?:(?P<unit>wochenende|woche|monat|jahr)(?:e?s)?|(?P<season>{_SEASON})|(?P<weekday>{_DAY_OF_WEEK}))\b",
    this=rf"\bdiese[nmrs]?\s+(?:(?P<unit>wochenende|woche|monat|jahr)|(?P<season>{_SEASON})|(?P<weekday>{_DAY_OF_WEEK}))\b",
    ago=(
        rf"\bvor\s+(?P<number>\d{{1,3}}|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})\s+"
        r"(?P<unit>tag(?:en)?|wochen?|wochenenden?|monat(?:en)?|jahr(?:en)?)\b"
    ),
    weekday=rf"(?<!\bjeden )(?<!\bnächsten )\b(?P<weekday>{_DAY_OF_WEEK})\b",
)
