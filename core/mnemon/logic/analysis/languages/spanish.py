"""Spanish."""

from __future__ import annotations

from mnemon.logic.analysis.languages.table import Language

__all__ = ["LANGUAGE"]

_STOP_WORDS = """
el la los las lo un una unos unas al del y e o u pero si sí que qué como cómo más ya muy también
a ante con contra de desde en entre hacia hasta para por según sobre tras durante
yo me mí mi mis mío mía tú te ti tu tus él ella ello ellos ellas le les se sí su sus nosotros nos nuestro nuestra
nuestros nuestras usted ustedes vosotros os vuestro vuestra
este esta esto estos estas ese esa eso esos esas aquel aquella aquello aquí ahí allí
soy eres es somos son era eras eran fui fue fuiste fueron ser sido siendo estoy estás está estamos están estaba
estaban estuvo estar he has ha hemos han había habían haber hay hubo
cuándo cuando dónde donde quién quiénes quien cuál cuáles cual porque
"""

_NEGATIONS = "no ni nunca jamás nadie nada ningún ninguna ninguno tampoco sin"

_MONTHS = {
    "enero": 1, "febrero": 2, "marzo": 3, "abril": 4, "mayo": 5, "junio": 6, "julio": 7, "agosto": 8,
    "septiembre": 9, "setiembre": 9, "octubre": 10, "noviembre": 11, "diciembre": 12,
}  # fmt: skip
_WEEKDAYS = {
    "lunes": 0, "martes": 1, "miércoles": 2, "miercoles": 2, "jueves": 3, "viernes": 4, "sábado": 5, "sabado": 5,
    "domingo": 6,
}  # fmt: skip
_NUMBERS = {
    "un": 1, "una": 1, "dos": 2, "tres": 3, "unos": 3, "unas": 3, "cuatro": 4, "cinco": 5, "seis": 6, "siete": 7,
    "ocho": 8, "nueve": 9, "diez": 10, "once": 11, "doce": 12,
}  # fmt: skip
_SEASONS = {"primavera": 3, "verano": 6, "otoño": 9, "invierno": 12}

_MONTH = "|".join(_MONTHS)
_DAY_OF_WEEK = "|".join(_WEEKDAYS)
_SEASON = "|".join(_SEASONS)
_YEAR = r"(?P<year>(?:19|20)\d\d)"

LANGUAGE = Language(
    code="es",
    stop_words=frozenset(_STOP_WORDS.split()),
    negations=frozenset(_NEGATIONS.split()),
    stemmer="spanish",
    me=("yo", "yo"),
    time_words=(
        r"\b(?:ayer|anteayer|hoy|anoche|mañana|hace|desde|recientemente|acabo\s+de|fin\s+de\s+semana"
        r"|días?|semanas?|mes|meses|años?|(?:19|20)\d\d"
        rf"|{_MONTH}|{_DAY_OF_WEEK}|{_SEASON})\b"
    ),
    asks_when=(
        r"\W*(?:(?:desde|hasta)\s+cu[aá]ndo|cu[aá]ndo|cu[aá]nto\s+tiempo"
        r"|cu[aá]nt[oa]s\s+(?:días|semanas|meses|años)|(?:en\s+)?qu[eé]\s+(?:día|fecha|mes|año))\b"
    ),
    first_person=r"\b(?:yo|me|mí|mi|mis|mío|mía|conmigo|nosotr[oa]s|nos|nuestr[oa]s?|dije|hice|fui|tengo|soy|estoy|he)\b",
    summary=r"\b(?:resum(?:en|e|ir|eme|irme)|resúmeme|panorama|sintetiza\w*)\b",
    gathers=(
        r"\bcu[aá]nt[oa]s\s+(?:tipos|clases|veces)\b|\ben\s+qu[eé]\s+orden\b|\ben\s+orden(?=\s*[.,?]|\s*$)"
        r"|\btod[oa]s\s+(?:mis|nuestr[oa]s|l[oa]s)\b|\b(?:diferentes|distint[oa]s|vari[oa]s)\b"
    ),
    together=r"\b(?:[yeou]|amb[oa]s|los\s+dos|las\s+dos)\b",
    addressed=(
        r"\bme\s+(?:\w+mente\s+)?(?:recomendaste|sugeriste|dijiste|diste|aconsejaste|explicaste|describiste|mencionaste"
        r"|enseñaste|contaste)\b|\b(?:recomendaste|sugeriste|dijiste|aconsejaste|explicaste|describiste|mencionaste)\b"
        r"|\bme\s+has\s+(?:recomendado|sugerido|dicho|dado|aconsejado|explicado|descrito|mencionado)\b"
    ),
    talk=(
        r"\b(?:en|durante|a\s+lo\s+largo\s+de)\s+(?:todas\s+)?(?:nuestr[ao]s|las|mis)\s+"
        r"(?:conversaci(?:ón|ones)|charlas?|chats?|mensajes?)\b"
        r"|\b(?:puedes|podrías)\s+(?:por\s+favor\s+)?(?:decirme|darme|mostrarme|recordarme)\b"
        r"|\b(?:te\s+)?(?:he\s+(?:dicho|contado|mencionado)|dije|conté|mencioné)\s+(?:alguna\s+vez\s+)?que\b"
        r"|\b(?:menciona|nombra|responde)\s+s[oó]lo\b.*$"
    ),
    months=_MONTHS,
    weekdays=_WEEKDAYS,
    numbers=_NUMBERS,
    units={
        "día": "day",
        "días": "day",
        "dia": "day",
        "dias": "day",
        "semana": "week",
        "semanas": "week",
        "fin de semana": "weekend",
        "mes": "month",
        "meses": "month",
        "año": "year",
        "años": "year",
    },
    seasons=_SEASONS,
    days={"anteayer": 2, "ayer": 1, "anoche": 1, "hoy": 0},
    date=rf"\b(?P<day>[0-3]?\d)\s+de\s+(?P<month>{_MONTH})\b(?:\s+(?:de|del)\s+{_YEAR}\b)?",
    month=rf"\b(?P<month>{_MONTH})\b(?:\s+(?:de|del)\s+{_YEAR}\b)?",
    year=(
        rf"(?:\b(?:en|desde|hasta|durante|de|del|a\s+principios\s+de|a\s+finales\s+de|{_SEASON})\s+{_YEAR}\b"
        r"(?!\s*[%$\u20ac]|[.,]\d|\s+(?:euros|dólares|pasos|palabras|veces|personas))"
        rf"|(?<![\d$\u20ac\u00a3#.,-]){_YEAR.replace('year', 'year_alone')}(?=\s*(?:$|[?!;)]|[.,](?!\d))))"
    ),
    last=(
        rf"\b(?:(?P<unit>fin\s+de\s+semana|semana|mes|año)|(?P<season>{_SEASON})|(?P<weekday>{_DAY_OF_WEEK}))"
        rf"\s+(?:pasad[oa])\b"
    ),
    this=rf"\best[ea]\s+(?:(?P<unit>fin\s+de\s+semana|semana|mes|año)|(?P<season>{_SEASON})|(?P<weekday>{_DAY_OF_WEEK}))\b",
    ago=(
        rf"\bhace\s+(?P<number>\d{{1,3}}|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})\s+"
        r"(?P<unit>d[ií]as?|semanas?|mes(?:es)?|años?)\b"
    ),
    weekday=rf"(?<!\bcada )(?<!\bpróximo )\b(?:el\s+)(?P<weekday>{_DAY_OF_WEEK})\b",
)
