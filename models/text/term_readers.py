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

from models.text.patterns import any_of, pattern
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
_CHANGE = (
    r"\b(?:changes?|changed|variations?|change (?:orders?|requests?)|additional (?:work|services|resources)|"
    r"out-of-scope|extras?|extra work|varied|amendments?)\b"
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
_NOT_BY_MAIL = pattern(
    rf"\b(?:not?|nor|never|neither|except|other than)\b[^.;]{{0,50}}\b{_MAIL}|{_MAIL}[^.;]{{0,30}}\b(?:not|"
    rf"insufficient|no effect)\b"
)
_GATES = pattern(
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


_NO_ALLOWANCE = pattern(
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


_OF_CHANGES = any_of(_CHANGE)
_OWN_RATES = any_of(
    r"rates?", "rate card", r"(?:schedule|annex|exhibit|appendix) \w+", "remuneration", "price list"
)
_DAYS_NOTICE = r"(?:working|business)[ -]days"

READERS: tuple[TermReader, ...] = (
    TermReader(
        "working_day",
        (any_of("days?", "person-days?"), any_of("hours?")),
        any_of("notice"),
        _hours_a_day,
    ),
    TermReader(
        "fee_cap",
        (
            any_of(
                "charge[sd]?",
                "fees?",
                "invoices?",
                "pay",
                "bill",
                "remuneration",
                "price",
                "cost",
                "ceiling",
                "total",
                r"compensat\w+",
                "payments?",
                "not[- ]to[- ]exceed",
                "engagement",
            ),
            pattern(MONEY),
        ),
        any_of(
            r"liab\w+",
            "(?<!excluding )(?<!leaving )(?<!without )expenses?",
            "travel",
            "receipts",
            r"insur\w+",
            r"indemnit\w+",
            "fixed price",
            "interest",
        ),
        _cap,
    ),
    TermReader(
        "fixed_price",
        (
            pattern(MONEY),
            any_of("fixed (?:price|fee|sum|at)", r"price\b.*\bis fixed", "lump sum", "everything in"),
        ),
        any_of(r"liab\w+", "expenses", "exceed"),
        _fixed,
    ),
    TermReader(
        "change_order",
        (
            _OF_CHANGES,
            any_of(
                r"sign\w*",
                r"execut\w+",
                "in writing",
                "written",
                "e-?mail",
                "electronic mail",
                "agreement",
                "text form",
            ),
        ),
        any_of(
            _DAYS_NOTICE,
            "per ?cent",
            r"\d+ hours",
            "this agreement itself",
            "cap",
            r"exceed\w*",
            "more than",
            "describe it",
            "impact",
            "ceiling",
            "the limit",
            r"invoic\w+",
            "priced",
            r"\d+(?:\.\d+)? ?%.*",
        ),
        _how_agreed,
    ),
    TermReader(
        "change_signatory",
        (
            any_of(r"change (?:orders?|requests?|notes?)", "variations?", "changes?", "amendments?"),
            any_of(r"sign\w*", r"execut\w+", "binds", r"authori[sz]ed", r"approv\w+"),
            _TITLE,
        ),
        any_of(_DAYS_NOTICE, r"\d+ hours"),
        _signatories,
        joint=True,
    ),
    TermReader(
        "change_notice",
        (
            _OF_CHANGES,
            any_of(
                "after",
                "before",
                "notice",
                "(?:no )?sooner",
                "no earlier",
                "earlier than",
                "at least",
                "earliest",
                "lead time",
                "following",
                "not less than",
                "from your",
                "it takes us",
                "within which",
            ),
            any_of(
                r"start\w*",
                r"begin\w*",
                r"commenc\w+",
                r"mobili[sz]\w+",
                "available",
                "line up",
                "wanted",
                "lead time",
                "needed",
            ),
        ),
        any_of(
            "key (?:persons?|staff)",
            r"accept\w*",
            r"terminat\w+",
            "impact assessment",
            "answer",
            "estimate within",
        ),
        _working_days,
    ),
    TermReader(
        "change_allowance",
        (
            any_of(
                "small",
                "minor",
                "first",
                "little",
                "slight",
                "de minimis",
                "additional work",
                "extras?",
                "tweaks?",
                "goodwill",
                "quota",
                "allowance",
            ),
            any_of(
                "changes?",
                "extras?",
                "additional work",
                "variations?",
                "clause",
                "section",
                "tweaks?",
                "work",
                "adjustments?",
            ),
            any_of(
                "free",
                "charged?",
                "included",
                "covered",
                "nothing",
                "too small",
                "allowance",
                "quota",
                "exempt",
                "however",
                "absorb",
                "bear",
            ),
        ),
        any_of("expenses", "notice"),
        _free_hours,
    ),
    TermReader(
        "change_rate",
        (
            any_of(
                "changes?", "variations?", "change orders?", "additional work", "extra work", "amendments?"
            ),
            _OWN_RATES,
            any_of(
                "price[ds]?",
                "charged?",
                "rates?",
                "costs?",
                "follows?",
                "remuneration",
                "invoiced",
                r"calculat\w+",
            ),
        ),
        any_of(
            "weekends?",
            "saturday",
            "holidays?",
            "each year",
            "twelve months",
            "first year",
            r"sign\w*",
            r"execut\w+",
            r"describ\w+",
            "suggest",
            r"request\w*",
            "fixed",
            "state",
            "estimate of",
            "effect",
            "form of",
            "extent",
            r"\d+ hours",
        ),
        _on_top,
    ),
    TermReader(
        "weekend_work",
        (
            any_of("saturdays?", "weekends?", "(?:public|bank|federal) holidays?", "holidays"),
            any_of(
                "rates?",
                "charged?",
                "uplift",
                "surcharge",
                "supplement",
                "premium",
                "add",
                "times",
                "double",
                "time and a half",
            ),
        ),
        any_of('"Working Day"', '(?:working|business) day(?:"|”)? means'),
        _surcharge,
        joint=True,
    ),
    TermReader(
        "term_end",
        (
            any_of("agreement", "contract", "terms?", "engagement"),
            any_of(
                "continues? until",
                "expires?",
                "ends? on",
                "runs? (?:from|until)",
                "remains? in force until",
                "until",
            ),
            any_of(r"20\d\d"),
        ),
        None,
        _last_day,
    ),
)
