"""The values of commercial terms, read from the words that state them. Each reader takes a passage whose
white space is normal, and gives the fields of a Term, or None where the words state no such value."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from models.text.patterns import pattern
from models.text.request_dates import named_days

Value = Mapping[str, Any]  # fields of a Term

BY_EMAIL = "by e-mail"
IN_WRITING = "in writing before the work"


MONEY = (
    r"(?:(?P<currency>GBP|EUR|USD|CHF|£|€|\$)\s?(?P<amount>\d[\d,.']*\d|\d)"
    r"|\b(?P<amount_before>\d[\d,.']*\d|\d)\s?(?P<currency_after>GBP|EUR|USD|CHF|£|€|pounds|euros?|dollars))"
)
_SYMBOLS = {
    "£": "GBP", "€": "EUR", "$": "USD", "pounds": "GBP", "euro": "EUR", "euros": "EUR", "dollars": "USD"
}  # fmt: skip


def money(found: re.Match[str]) -> dict[str, Any]:
    """Amount and ISO currency of a match of MONEY. A comma or point before two last digits starts cents."""
    named = found.groupdict()
    amount = named["amount"] or named["amount_before"]
    currency = named["currency"] or named["currency_after"]
    digits = Decimal(re.sub(r"[.,']", "", amount))
    cents = re.search(r"[.,]\d{2}$", amount) is not None
    return {"amount": digits / 100 if cents else digits, "currency": _SYMBOLS.get(currency.lower(), currency)}


_NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "twelve": 12, "fifteen": 15, "sixteen": 16, "twenty": 20, "thirty": 30,
}  # fmt: skip
_FIGURE = rf"(?P<figure>\d+(?:\.\d+)?|{'|'.join(_NUMBERS)})(?: \((?:[a-z-]+|\d+)\))?"
_PERCENT = pattern(r"(\d+(?:\.\d+)?)\s*(?:%|per ?cent)")
TITLE = re.compile(
    r"\b(?:(?:Chief|Deputy) [A-Z]\w+(?: [A-Z]\w+)? Officer|C[A-Z]O|General Counsel|"
    r"Vice President(?:,? [A-Z]\w+)?"
    r"|Head of (?:the )?[A-Z]\w+(?:(?: and| &)? [A-Z]\w+)?"
    r"|(?:(?!Its\b|The\b|Your\b|Our\b|Client's\b)[A-Z][a-z]+ ){0,2}"
    r"(?:Director|Sponsor|Lead|Manager|Partner|Executive|Secretary|Owner|Treasurer))\b"
)


def _number(said: str) -> Decimal:
    return Decimal(_NUMBERS[said.lower()]) if said.lower() in _NUMBERS else Decimal(said)


def hours_a_day(words: str) -> Value | None:
    """Hours that a day rate covers."""
    found = re.search(
        rf"\b(?:person-|man-|working )?days?\b(?: rates?)?[^.]{{0,60}}?\b(?:is|are|means?|equals?|"
        rf"comprises?|consists? of|covers?|"
        rf"of|based on)\s+(?:a |an |up to )?{_FIGURE}[- ]+(?:[a-z]+ ){{0,2}}hours?",
        words,
        re.IGNORECASE,
    )
    return {"hours": _number(found["figure"])} if found else None


def cap(words: str) -> Value | None:
    """The most that may be charged."""
    found = re.search(
        r"(?:exceed|capped at|(?:cap|ceiling|limit|maximum|total)(?: fees?| charges| amount)? (?:of|at|"
        r"is)|more than|stop at|"
        rf"up to (?:a (?:maximum|total) of)?|limited to(?: a (?:maximum|total) of)?)\s+{MONEY}",
        words,
        re.IGNORECASE,
    )
    return money(found) if found else None


def fixed(words: str) -> Value | None:
    """The price of everything."""
    found = re.search(
        rf"(?:fixed (?:price|fee|sum|at)|lump sum|price|fee|for)\D{{0,40}}?{MONEY}", words, re.IGNORECASE
    )
    return money(found) if found else None


_MAIL = r"(?:e-?mail|electronic mail)"
_NOT_BY_MAIL = pattern(
    rf"\b(?:not?|nor|never|neither|except|other than)\b[^.;]{{0,50}}\b{_MAIL}|{_MAIL}[^.;]{{0,30}}\b(?:not|"
    rf"insufficient|no effect)\b"
)
_GATES = pattern(
    r"\b(?:before|until|unless|only|without|prior|exclusively|enough|suffic\w+|takes? effect when|"
    r"no signature|shall be recorded|"
    r"invalid|no effect|may instruct|is commissioned|constitute)\b"
)


def how_agreed(words: str) -> Value | None:
    """Whether an e-mail is enough to agree a change, or a signed paper is wanted before the work."""
    if not _GATES.search(words):
        return None
    signers_only = len(set(TITLE.findall(words))) > 1 and not re.search(
        r"\b(?:before|until|prior|start|begin|commence|no effect)\b", words, re.IGNORECASE
    )
    if signers_only:
        return None
    by_mail = re.search(_MAIL, words, re.IGNORECASE) and not _NOT_BY_MAIL.search(words)
    return {"what": BY_EMAIL if by_mail else IN_WRITING}


def signatories(words: str) -> Value | None:
    """The titles of those who sign, in the order of the words."""
    titles = tuple(dict.fromkeys(TITLE.findall(words)))
    return {"names": titles} if titles else None


def working_days(words: str) -> Value | None:
    """Working days of notice; a notice in weeks counts five a week."""
    found = re.search(rf"(?<![\w-]){_FIGURE} (?:clear )?(?:working|business)[ -]days?", words, re.IGNORECASE)
    if found:
        return {"days": int(_number(found["figure"]))}
    weeks = re.search(rf"(?<![\w-]){_FIGURE} weeks", words, re.IGNORECASE)
    return {"days": int(5 * _number(weeks["figure"]))} if weeks else None


_NO_ALLOWANCE = pattern(
    r"\bno (?:\w+ ){0,3}(?:allowance|quota|threshold|free hours)\b|\b(?:quota|allowance|"
    r"free hours)\b[^.]{0,50}\bnot (?:agreed|granted|included)\b|"
    r"\btoo small\b|\bnot (?:do|make|carry out) (?:small|minor|little)\b|\b(?:every|each|"
    r"any) change,? however (?:slight|small|minor)\b|"
    r"\ball changes,? (?:however|no matter)"
)


def free_hours(words: str) -> Value | None:
    """Hours a month that are free; 0 where the words say that none are."""
    found = re.search(rf"(?<![\w-]){_FIGURE} (?:person-|working |consulting )?hours", words, re.IGNORECASE)
    if found and re.search(
        r"\b(?:month|free|charge|included|covered|nothing|exempt|without)\b", words, re.IGNORECASE
    ):
        return {"hours": _number(found["figure"])}
    return {"hours": Decimal(0)} if _NO_ALLOWANCE.search(words) else None


def on_top(words: str) -> Value | None:
    """Percent on the rate card, negative for a discount; 0 where the card applies as it is."""
    found = _PERCENT.search(words)
    if found is None:
        return {"percent": Decimal(0)}
    off = re.search(
        r"\b(?:discount\w*|reduction|reduced|off|less|minus|rebate|below)\b", words, re.IGNORECASE
    )
    return {"percent": -Decimal(found[1]) if off else Decimal(found[1])}


def surcharge(words: str) -> Value | None:
    """Percent on top at weekends."""
    if found := _PERCENT.search(words):
        whole = re.search(r"\bat \d+\s*(?:%|per ?cent) of\b", words, re.IGNORECASE)
        return {"percent": Decimal(found[1]) - (100 if whole else 0)}
    if re.search(r"\b(?:one and a half times|time and a half|1\.5 times)\b", words, re.IGNORECASE):
        return {"percent": Decimal(50)}
    doubled = re.search(r"\b(?:double|twice|two times)\b", words, re.IGNORECASE)
    return {"percent": Decimal(100)} if doubled else None


def last_day(words: str) -> Value | None:
    """The last day that is named."""
    days = named_days(words, date.min)
    return {"day": days[-1].day} if days else None
