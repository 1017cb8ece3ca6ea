"""How each kind of commercial term is recognised: the words that must stand in a passage, those that must
not, and the value read from it.

Written for several drafting traditions: 'the Supplier shall', 'we will', 'must', 'Consultant shall not',
'changes become effective only upon'."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from models.text.patterns import any_of, pattern
from models.text.term_values import (
    MONEY,
    TITLE,
    Value,
    cap,
    fixed,
    free_hours,
    hours_a_day,
    how_agreed,
    last_day,
    on_top,
    signatories,
    surcharge,
    working_days,
)

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


_CHANGE = (
    r"\b(?:changes?|changed|variations?|change (?:orders?|requests?)|additional (?:work|services|resources)|"
    r"out-of-scope|extras?|extra work|varied|amendments?)\b"
)
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
        hours_a_day,
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
        cap,
    ),
    TermReader(
        "fixed_price",
        (
            pattern(MONEY),
            any_of("fixed (?:price|fee|sum|at)", r"price\b.*\bis fixed", "lump sum", "everything in"),
        ),
        any_of(r"liab\w+", "expenses", "exceed"),
        fixed,
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
        how_agreed,
    ),
    TermReader(
        "change_signatory",
        (
            any_of(r"change (?:orders?|requests?|notes?)", "variations?", "changes?", "amendments?"),
            any_of(r"sign\w*", r"execut\w+", "binds", r"authori[sz]ed", r"approv\w+"),
            TITLE,
        ),
        any_of(_DAYS_NOTICE, r"\d+ hours"),
        signatories,
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
        working_days,
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
        free_hours,
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
        on_top,
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
        surcharge,
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
        last_day,
    ),
)
