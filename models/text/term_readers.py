"""How each kind of commercial term is recognised: the words that must stand in a passage, those that must
not, and the value read from it.

Written for several drafting traditions: 'the Supplier shall', 'we will', 'must', 'Consultant shall not',
'changes become effective only upon'."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from models.text.request_dates import named_days

TermKind = Literal[
    "working_day",  # hours a day rate covers
    "fee_cap",  # the most that may be charged
    "fixed_price",  # of all the services together
    "change_order",  # how a change is agreed: in writing before the work, or by e-mail
    "change_signatory",  # who signs for whom
    "change_notice",  # working days between signature and start
    "change_allowance",  # hours of small changes a month that are free
    "change_rate",  # percent on (or off) the rate card for changes
    "weekend_work",  # percent on top at weekends and holidays
    "term_end",  # the day the contract ends
    "rate",  # of a role
    "work_package",  # part of the services
    "exclusion",  # not part of them
]
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


@dataclass(frozen=True)
class TermReader:
    """Finds one kind of term in a passage whose white space is normal."""

    kind: TermKind
    needs: tuple[re.Pattern[str], ...]
    never: re.Pattern[str] | None
    value: Callable[[str], Value | None]
    joint: bool = False  # said by a clause's sentences together rather than by one

    def read(self, words: str) -> Value | None:
        """The value, or None where the passage does not state such a term."""
        if all(p.search(words) for p in self.needs) and not (self.never and self.never.search(words)):
            return self.value(words)
        return None


def money(found: re.Match[str]) -> dict[str, Any]:
    """Amount and ISO currency of a match of MONEY. A comma or point before the last two digits starts cents."""
    named = found.groupdict()
    amount = named["amount"] or named["amount_before"]
    currency = named["currency"] or named["currency_after"]
    digits = Decimal(re.sub(r"[.,']", "", amount))
    cents = re.search(r"[.,]\d{2}$", amount) is not None
    return {"amount": digits / 100 if cents else digits, "currency": _SYMBOLS.get(currency.lower(), currency)}


def _p(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "twelve": 12, "fifteen": 15, "sixteen": 16, "twenty": 20, "thirty": 30,
}  # fmt: skip
_FIGURE = rf"(?P<figure>\d+(?:\.\d+)?|{'|'.join(_NUMBERS)})(?: \((?:[a-z-]+|\d+)\))?"
_PERCENT = _p(r"(\d+(?:\.\d+)?)\s*(?:%|per ?cent)")
_CHANGE = (
    r"\b(?:changes?|changed|variations?|change (?:orders?|requests?)|additional (?:work|services|resources)|"
    r"out-of-scope|extras?|extra work|amendments? to the (?:services|scope))\b"
)
_TITLE = re.compile(
    r"\b(?:(?:Chief|Deputy) [A-Z]\w+(?: [A-Z]\w+)? Officer|C[A-Z]O|General Counsel|"
    r"Vice President(?:,? [A-Z]\w+)?"
    r"|Head of (?:the )?[A-Z]\w+(?:(?: and| &)? [A-Z]\w+)?"
    r"|(?:(?!Its\b|The\b|Your\b|Our\b|Client's\b)[A-Z][a-z]+ ){0,2}"
    r"(?:Director|Sponsor|Lead|Manager|Partner|Executive|Secretary|Owner|Treasurer))\b"
)


def _number(said: str) -> Decimal:
    return Decimal(_NUMBERS[said.lower()]) if said.lower() in _NUMBERS else Decimal(said)


def _hours_a_day(words: str) -> Value | None:
    found = re.search(
        rf"\b(?:person-|man-|working )?days?\b(?: rates?)?[^.]{{0,60}}?\b(?:is|are|means?|equals?|"
        rf"comprises?|consists? of|covers?|"
        rf"of|based on)\s+(?:a |an |up to )?{_FIGURE}[- ]+(?:[a-z]+ ){{0,2}}hours?",
        words,
        re.IGNORECASE,
    )
    return {"hours": _number(found["figure"])} if found else None


def _cap(words: str) -> Value | None:
    found = re.search(
        r"(?:not exceed|capped at|(?:cap|ceiling|limit|maximum|total)(?: fees?| charges| amount)? (?:of|at|"
        r"is)|more than|stop at|"
        rf"up to (?:a (?:maximum|total) of)?|limited to(?: a (?:maximum|total) of)?)\s+{MONEY}",
        words,
        re.IGNORECASE,
    )
    return money(found) if found else None


def _fixed(words: str) -> Value | None:
    found = re.search(
        rf"(?:fixed (?:price|fee|sum|at)|lump sum|price|fee|for)\D{{0,40}}?{MONEY}", words, re.IGNORECASE
    )
    return money(found) if found else None


_MAIL = r"(?:e-?mail|electronic mail)"
_NOT_BY_MAIL = _p(
    rf"\b(?:not?|nor|never|neither|except|other than)\b[^.;]{{0,50}}\b{_MAIL}|{_MAIL}[^.;]{{0,30}}\b(?:not|"
    rf"insufficient|no effect)\b"
)
_GATES = _p(
    r"\b(?:before|until|unless|only|without|prior|exclusively|enough|suffic\w+|takes? effect when|"
    r"no signature|shall be recorded|"
    r"invalid|no effect|may instruct|is commissioned|constitute)\b"
)


def _how_agreed(words: str) -> Value | None:
    if not _GATES.search(words):
        return None
    signers_only = len(set(_TITLE.findall(words))) > 1 and not re.search(
        r"\b(?:before|until|prior|start|begin|commence|no effect)\b", words, re.IGNORECASE
    )
    if signers_only:
        return None
    by_mail = re.search(_MAIL, words, re.IGNORECASE) and not _NOT_BY_MAIL.search(words)
    return {"what": BY_EMAIL if by_mail else IN_WRITING}


def _signatories(words: str) -> Value | None:
    titles = tuple(dict.fromkeys(_TITLE.findall(words)))
    return {"names": titles} if titles else None


def _working_days(words: str) -> Value | None:
    found = re.search(rf"(?<![\w-]){_FIGURE} (?:clear )?(?:working|business)[ -]days?", words, re.IGNORECASE)
    if found:
        return {"days": int(_number(found["figure"]))}
    weeks = re.search(rf"(?<![\w-]){_FIGURE} weeks", words, re.IGNORECASE)
    return {"days": int(5 * _number(weeks["figure"]))} if weeks else None


_NO_ALLOWANCE = _p(
    r"\bno (?:\w+ ){0,3}(?:allowance|quota|threshold|free hours)\b|\b(?:quota|allowance|"
    r"free hours)\b[^.]{0,50}\bnot (?:agreed|granted|included)\b|"
    r"\btoo small\b|\bnot (?:do|make|carry out) (?:small|minor|little)\b|\b(?:every|each|"
    r"any) change,? however (?:slight|small|minor)\b|"
    r"\ball changes,? (?:however|no matter)"
)


def _free_hours(words: str) -> Value | None:
    found = re.search(rf"(?<![\w-]){_FIGURE} (?:person-|working |consulting )?hours", words, re.IGNORECASE)
    if found and re.search(
        r"\b(?:month|free|charge|included|covered|nothing|exempt|without)\b", words, re.IGNORECASE
    ):
        return {"hours": _number(found["figure"])}
    return {"hours": Decimal(0)} if _NO_ALLOWANCE.search(words) else None


def _on_top(words: str) -> Value | None:
    found = _PERCENT.search(words)
    if found is None:
        return {"percent": Decimal(0)}
    off = re.search(
        r"\b(?:discount\w*|reduction|reduced|off|less|minus|rebate|below)\b", words, re.IGNORECASE
    )
    return {"percent": -Decimal(found[1]) if off else Decimal(found[1])}


def _surcharge(words: str) -> Value | None:
    if found := _PERCENT.search(words):
        whole = re.search(r"\bat \d+\s*(?:%|per ?cent) of\b", words, re.IGNORECASE)
        return {"percent": Decimal(found[1]) - (100 if whole else 0)}
    if re.search(r"\b(?:one and a half times|time and a half|1\.5 times)\b", words, re.IGNORECASE):
        return {"percent": Decimal(50)}
    doubled = re.search(r"\b(?:double|twice|two times)\b", words, re.IGNORECASE)
    return {"percent": Decimal(100)} if doubled else None


def _last_day(words: str) -> Value | None:
    days = named_days(words, date.min)
    return {"day": days[-1].day} if days else None


READERS: tuple[TermReader, ...] = (
    TermReader(
        "working_day",
        (_p(r"\b(?:days?|person-days?)\b"), _p(r"\bhours?\b")),
        _p(r"\bnotice\b"),
        _hours_a_day,
    ),
    TermReader(
        "fee_cap",
        (
            _p(
                r"\b(?:charges|fees?|invoices?|pay|bill|remuneration|price|cost|ceiling|total|compensat\w+|"
                r"payments?|not[- ]to[- ]exceed|engagement)\b"
            ),
            _p(MONEY),
        ),
        _p(r"\b(?:liab\w+|expenses?|travel|receipts|insur\w+|indemnit\w+|fixed price|interest)\b"),
        _cap,
    ),
    TermReader(
        "fixed_price",
        (_p(MONEY), _p(r"\b(?:fixed (?:price|fee|sum|at)|price\b.*\bis fixed|lump sum|everything in)\b")),
        _p(r"\b(?:liab\w+|expenses|exceed)\b"),
        _fixed,
    ),
    TermReader(
        "change_order",
        (
            _p(_CHANGE),
            _p(r"\b(?:sign\w*|execut\w+|in writing|written|e-?mail|electronic mail|agreement|text form)\b"),
        ),
        _p(
            r"\b(?:working|business) days|per ?cent|%|\d hours\b|this agreement itself|\bcap\b|exceed|"
            r"more than|\bdescribe it\b|"
            r"\bimpact\b|\bceiling|\bthe limit\b|\binvoic\w+|\bpriced\b"
        ),
        _how_agreed,
    ),
    TermReader(
        "change_signatory",
        (
            _p(r"\b(?:change (?:orders?|requests?|notes?)|variations?|changes)\b"),
            _p(r"\b(?:sign\w*|execut\w+|binds|authori[sz]ed|approv\w+)\b"),
            _TITLE,
        ),
        _p(r"\b(?:working|business) days|\d hours\b"),
        _signatories,
        joint=True,
    ),
    TermReader(
        "change_notice",
        (
            _p(_CHANGE),
            _p(
                r"\b(?:after|before|notice|no sooner|no earlier|earlier than|at least|earliest|lead time|"
                r"following|not less than)\b"
            ),
            _p(r"\b(?:start\w*|begin\w*|commenc\w+|mobili[sz]\w+|available|line up|wanted|lead time|"
                r"needed)\b"),
        ),
        _p(r"\bkey (?:person|staff)|accept\w*|terminat\w+|\bimpact assessment|\banswer\b|"
            r"\bestimate within\b"),
        _working_days,
    ),
    TermReader(
        "change_allowance",
        (
            _p(
                r"\b(?:small|minor|first|little|slight|de minimis|additional work|extras?|tweaks?|goodwill|"
                r"quota|allowance)\b"
            ),
            _p(r"\b(?:change|changes|extras?|additional work|variation|clause|section|tweaks?|work)\b"),
            _p(
                r"\b(?:free|charge|charged|included|covered|nothing|too small|allowance|quota|exempt|"
                r"however)\b"
            ),
        ),
        _p(r"\bexpenses\b|\bnotice\b"),
        _free_hours,
    ),
    TermReader(
        "change_rate",
        (
            _p(r"\b(?:changes?|variations?|change orders?|additional work|extra work)\b"),
            _p(r"\b(?:rates?|rate card|schedule \w+|remuneration|price list)\b"),
            _p(r"\b(?:price[ds]?|charged?|rates?|cost|follows?|remuneration|invoiced|calculat\w+)\b"),
        ),
        _p(
            r"\b(?:weekends?|saturday|holidays?|each year|twelve months|first year|sign\w*|execut\w+|"
            r"describ\w+|suggest|"
            r"request\w*|fixed|state|estimate of|effect|form of|extent)\b|\d hours\b"
        ),
        _on_top,
    ),
    TermReader(
        "weekend_work",
        (_p(r"\b(?:saturdays?|weekends?|(?:public|bank) holidays?|holidays)\b"),
         _p(r"\b(?:rates?|charged?|uplift|surcharge|supplement|premium|add|times|double)\b")),
        _p(r'"Working Day"|\bworking day means\b'),
        _surcharge,
        joint=True,
    ),
    TermReader(
        "term_end",
        (
            _p(r"\b(?:agreement|contract|term|terms|engagement)\b"),
            _p(
                r"\b(?:continues? until|expires?|ends? on|runs? (?:from|until)|remains? in force until|"
                r"until)\b"
            ),
            _p(r"\b20\d\d\b"),
        ),
        None,
        _last_day,
    ),
)  # fmt: skip
