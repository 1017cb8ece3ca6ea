"""What a client's message asks for: work, a start, a price, each with the words that ask for it.

Read by rules over sentences. The message is data: whatever it says about who may decide, what rates are or
what to ignore is one more thing that was said, compared with the contract like any other."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from textwrap import shorten
from typing import Literal

from models.text.letters import body
from models.text.patterns import any_of, pattern
from models.text.request_dates import NamedDay, named_days
from models.text.request_effort import Effort, efforts, singular
from models.text.request_words import (
    ALTERS,
    ASKS,
    DELIVERS,
    FAULT,
    FREE,
    LIST_MARK,
    NOT_ASKED,
    ORDERS,
    QUESTION,
    REFERS,
    REMOVES,
    REPAIRS,
    SECOND_WISH,
    SOON,
    START,
    START_OF_WORK,
    VERBS,
    WEEKEND,
    WITHOUT_PAPER,
    WORK_BEFORE_START,
)
from models.text.spans import Span, sentences, trimmed

RequestKind = Literal[
    "work",  # something to be done, changed or left out
    "start",  # a day to start, or the wish to start without the paper that the contract asks for
    "price",  # a rate, a discount or a sum that the client reckons with
]
PriceBasis = Literal["hour", "day", "total", "percent", "free"]


@dataclass(frozen=True)
class Claim:
    """A price the client names. `percent` is negative for a discount; `role` as said, "" where none is."""

    basis: PriceBasis
    amount: Decimal = Decimal(0)
    percent: Decimal = Decimal(0)
    currency: str = ""  # "" where only a figure is said
    role: str = ""


@dataclass(frozen=True)
class Request:
    """One thing that is asked for. `text[start:end] == quote` in the message."""

    kind: RequestKind
    quote: str
    start: int
    end: int
    description: str
    effort: tuple[Effort, ...] = ()  # places in these count from the quote's start
    role: str = ""  # of the rate card, that is named without being part of the effort
    starts_on: date | None = None
    due_on: date | None = None
    claim: Claim | None = None
    without_paper: bool = False  # asks to begin before anything is signed
    fault: bool = False  # something does not do what it should
    delivers: bool = False  # asks for what was planned: to run, finish, schedule it
    wishes: bool = False  # wants something, where it does not only tell of something
    alters: bool = False  # changes or extends something that may be there already
    removes: bool = False  # takes work out
    weekend: bool = False  # at a weekend or on a holiday


def read_requests(text: str, today: date, roles: Sequence[str] = ()) -> list[Request]:
    """Everything the message asks for, in its order. A single sentence or phrase without a recognised request
    is one for work, as when only 'two more dashboards' was pasted. `roles`: those that a rate card knows."""
    reader = _Reader(text, today, roles)
    found = [request for part in _parts(text) for request in reader.read(part)]
    if found:
        return found
    whole = body(text)
    said = [s for s in _sentences(text, whole) if not NOT_ASKED.search(s.of(text))]
    return [reader.work(said)] if len(said) == 1 else []


_SIGN = {"£": "GBP", "€": "EUR", "$": "USD", "pound": "GBP", "pounds": "GBP", "quid": "GBP", "euro": "EUR",
         "euros": "EUR", "dollar": "USD", "dollars": "USD", "francs": "CHF"}  # fmt: skip
_MONEY = (
    r"(?:(?P<sign>[£€$]|\b(?:GBP|EUR|USD|CHF))\s?(?P<a>\d[\d.,]*\d|\d)(?P<ka>\s?k\b)?|"
    r"\b(?P<b>\d[\d.,]*\d|\d)(?P<kb>\s?k\b)?\s?(?P<word>pounds?|euros?|dollars?|quid|francs|GBP|EUR|USD|CHF|"
    r"£|€))"
)
_A_UNIT = r"(?:\s?(?:/|per|a|an|each|every)\s?-?\s?(?P<unit>day|hour|hr|h|d)\b)"
_RATE = pattern(rf"{_MONEY}{_A_UNIT}")
_BARE_RATE = pattern(r"\b(?P<b>\d{2,4})\s?(?:/|a|per)\s?(?P<unit>day|hour)\b(?=[^.]{0,60})")
_SUM = pattern(_MONEY)
_SUM_CUE = pattern(
    r"\b(?:above|over|exceed|budget\w*|price[ds]?|pay|cost\w*|quote\w*|lump sum|fixed|no more than|at most|"
    r"maximum|capped|for|invoice|offer|spend|fee)\b"
)
_DISCOUNT = pattern(
    r"(\d{1,2}(?:\.\d+)?)\s?(?:%|per ?cent)\s*(?:\w+ ){0,2}?(?:off|discount|reduction|rebate|less|cheaper)|"
    r"\b(?:discount|reduction|rebate) of (\d{1,2}(?:\.\d+)?)\s?(?:%|per ?cent)"
)


@dataclass(frozen=True)
class _Part:
    """Sentences that belong together: a paragraph, a bullet, or one of several wishes in a paragraph."""

    sentences: tuple[Span, ...]
    listed: bool  # marked as one of several: a bullet, a number, 'Second,'


def _parts(text: str) -> Iterator[_Part]:
    """The body cut where a new wish begins."""
    whole = body(text)
    current: list[Span] = []
    listed = asked = False
    for span in _sentences(text, whole):
        mark = LIST_MARK.match(span.of(text))
        words = Span(span.start + mark.end(), span.end) if mark and mark.end() < len(span) else span
        gap = bool(current) and text[current[-1].end : span.start].count("\n") > 1
        asks = _asks_for_work(words.of(text))
        apart = bool(mark) or gap or bool(SECOND_WISH.match(words.of(text)))
        if current and (apart or (asks and not listed and _is_another(words.of(text), asked))):
            yield _Part(tuple(current), listed)
            current, listed, asked = [], False, False
        current.append(words)
        listed = listed or bool(mark)
        asked = asked or asks or bool(FAULT.search(words.of(text)))
    if current:
        yield _Part(tuple(current), listed)


def _is_another(words: str, asked: bool) -> bool:
    """Whether a sentence that asks opens a wish of its own, rather than going on about the one before."""
    sizes = any(not words[: e.start].strip() for e in efforts(words))  # '16 hours should do'
    back = REFERS.search(words) or (REPAIRS.search(words) and _POINTS.search(words))
    return asked and not sizes and not back


_POINTS = any_of("it|that|this|them|these|those")


def _sentences(text: str, within: Span) -> list[Span]:
    return [Span(within.start + s.start, within.start + s.end) for s in sentences(within.of(text))]


def _asks(words: str) -> bool:
    return bool(ASKS.search(words) or ORDERS.search(words) or QUESTION.search(words))


def _asks_for_work(words: str) -> bool:
    return _asks(words) and not NOT_ASKED.search(words) and not _only_terms(words)


def _only_terms(words: str) -> bool:
    """Whether a sentence is about the start or the price and names no work."""
    if efforts(words):
        return False
    start = START.search(words)
    if start and not START_OF_WORK.search(words) and not WORK_BEFORE_START.search(words[: start.start()]):
        return True
    if WITHOUT_PAPER.search(words) and not start:
        return True
    priced = _RATE.search(words) or _BARE_RATE.search(words) or _DISCOUNT.search(words)
    return bool(priced) and not re.search(rf"\b(?:{VERBS})\b", words, re.IGNORECASE)


class _Reader:
    """Reads the requests of one message."""

    def __init__(self, text: str, today: date, roles: Sequence[str]) -> None:
        self.text = text
        self.today = today
        self.roles = roles

    def read(self, part: _Part) -> Iterator[Request]:
        """What a part asks for: its work, and what its sentences say of start and price, by place."""
        found: list[Request] = []
        about_work: list[Span] = []
        for span in part.sentences:
            words = span.of(self.text)
            found += self._price(span, words)
            if not _only_terms(words) and not NOT_ASKED.search(words):
                about_work.append(span)
        found += self._start(part.sentences)
        asked = [s for s in about_work if self._wishes(s)]
        if part.listed and about_work and not asked and not found:
            asked = [s for s in about_work[:1] if len(s.of(self.text).split()) > 2]
        if asked:
            found.append(self.work(self._relevant(about_work, asked)))
        yield from sorted(found, key=lambda r: (r.start, r.kind != "work"))

    def _wishes(self, span: Span) -> bool:
        """Whether a sentence asks for work, reports a fault, or says how much work something is."""
        words = span.of(self.text)
        return bool(_asks(words) or FAULT.search(words) or efforts(words, self.roles))

    def work(self, places: Sequence[Span]) -> Request:
        """A request for work that stands in these sentences."""
        span = trimmed(self.text, places[0].start, places[-1].end)
        quote = span.of(self.text)
        days = named_days(quote, self.today)
        lead = next((s.of(self.text) for s in places if _asks(s.of(self.text))), quote)
        opening = places[0].of(self.text)
        named = opening if REFERS.search(lead) or FAULT.search(opening) else lead
        return Request(
            "work",
            quote,
            span.start,
            span.end,
            _described(self._without_effort(named)),
            effort=tuple(efforts(quote, self.roles)),
            role=_named_role(quote, self.roles),
            starts_on=_first(days, "start"),
            due_on=_first(days, "deadline"),
            claim=Claim("free", role="") if FREE.search(quote) else None,
            fault=bool(FAULT.search(quote)),
            delivers=bool(DELIVERS.search(quote)),
            wishes=any(_asks(s.of(self.text)) for s in places),
            alters=bool(ALTERS.search(quote)),
            removes=bool(REMOVES.search(lead)),
            weekend=bool(WEEKEND.search(re.sub(r"\bby\b[^.]*", "", quote, flags=re.I))),
        )

    def _without_effort(self, words: str) -> str:
        """The words up to where they say how much work it is."""
        said = efforts(words, self.roles)
        before = _LEADS_TO_EFFORT.sub("", words[: said[0].start]) if said else ""
        return before if len(before.split()) > 2 else words

    def _relevant(self, about_work: Sequence[Span], asked: Sequence[Span]) -> list[Span]:
        """From the first sentence that asks, or the one it refers back to, to the last that asks or says how
        much or until when."""
        first, last = asked[0], asked[-1]
        opening = first.of(self.text)
        if REFERS.search(opening) or not (_asks(opening) or FAULT.search(opening)):
            first = about_work[max(0, about_work.index(first) - 1)]
        for span in about_work:
            if span > last and named_days(span.of(self.text), self.today):
                last = span
        return [s for s in about_work if first <= s <= last]

    def _start(self, places: Sequence[Span]) -> Iterator[Request]:
        """The wish to start, over the sentences that say so together."""
        found: list[tuple[Span, date | None, bool]] = []
        for span in places:
            words = span.of(self.text)
            without_paper = bool(WITHOUT_PAPER.search(words))
            day = self._start_day(words)
            if without_paper or day:
                found.append((span, day, without_paper))
        if found:
            span = Span(found[0][0].start, found[-1][0].end)
            yield Request(
                "start",
                span.of(self.text),
                span.start,
                span.end,
                _described(found[0][0].of(self.text)),
                starts_on=next((day for _, day, _ in found if day), None),
                without_paper=any(without for _, _, without in found),
            )

    def _start_day(self, words: str) -> date | None:
        start = START.search(words)
        if start is None:
            return None
        rest = words[start.end() :]
        days = [d for d in named_days(words, self.today) if d.start >= start.end() and d.role != "deadline"]
        return days[0].day if days else self.today if SOON.search(rest) else None

    def _price(self, span: Span, words: str) -> Iterator[Request]:
        if claim := _claim(words):
            said = efforts(words, self.roles)
            role = next((e.role for e in said if e.role), "") or _role_in(words, self.roles)
            yield Request(
                "price", words, span.start, span.end, _described(words), claim=replace(claim, role=role)
            )


def _first(days: Sequence[NamedDay], role: str) -> date | None:
    return next((d.day for d in days if d.role == role), None)


def _claim(words: str) -> Claim | None:
    if rate := (_RATE.search(words) or _BARE_RATE.search(words)):
        amount, currency = _amount(rate)
        return Claim("day" if rate["unit"].lower().startswith("d") else "hour", amount, currency=currency)
    if discount := _DISCOUNT.search(words):
        return Claim("percent", percent=-Decimal(discount[1] or discount[2]))
    total = _SUM.search(words)
    if total and _SUM_CUE.search(words[: total.start()]):
        amount, currency = _amount(total)
        return Claim("total", amount, currency=currency)
    return None


def _amount(found: re.Match[str]) -> tuple[Decimal, str]:
    named = found.groupdict()
    figure = named.get("a") or named["b"]
    said = (named.get("sign") or named.get("word") or "").strip()
    cents = re.search(r"[.,](\d{1,2})$", figure)
    digits = Decimal(re.sub(r"[.,]", "", figure)) / (10 ** len(cents[1]) if cents else 1)
    if named.get("ka") or named.get("kb"):
        digits *= 1000
    return digits, _SIGN.get(said.lower(), said.upper())


def _named_role(words: str, roles: Sequence[str]) -> str:
    """The longest role of the card that the words name."""
    named = [r for r in roles if re.search(rf"\b{re.escape(r)}s?\b", words, re.IGNORECASE)]
    return max(named, key=len, default="")


def _role_in(words: str, roles: Sequence[str]) -> str:
    """The role of the card that the words name, or a bare 'engineers'."""
    if named := _named_role(words, roles):
        return named
    bare = re.search(
        r"\b((?:(?:senior|principal|junior|lead|data|analytics|cloud|security|machine learning)\s+)*"
        r"(?:engineer|developer|analyst|consultant|designer|architect|scientist|manager|tester)s?)\b",
        words,
        re.IGNORECASE,
    )
    return singular(bare[1]) if bare else ""


_POLITE = pattern(
    r"^\W*(?:(?:also|and|so|then|next|finally|ideally|first|second|third|in addition|while you(?:'re|"
    r" are) at it|on top of that|"
    r"one more thing|another thing)[,:]?\s+)*"
    r"(?:(?:please|kindly)\s+|(?:could|can|would|will) (?:you|somebody|someone|anybody|your \w+|"
    r"we)(?: please| also| kindly)*\s+|"
    r"(?:is|would) it (?:be )?possible to\s+|it would be (?:great|good|nice|helpful) (?:if you could|to)\s+|"
    r"[\w' ]{0,40}?\b(?:need|want|wants|needs|would like|'d like|require|are after|are looking for|ask for|"
    r"asks for)(?: you)?(?: to(?: have)?)?\s+|"
    r"how about\s+|what about\s+|any chance (?:of|that you could|you could)\s+|make sure (?:that )?)?"
)


_LEADS_TO_EFFORT = pattern(
    r"(?:[\s,;:(–-]|\b(?:and|which|that|is|takes?|needs?|roughly|about|around|maybe|it)\b)+$"
)


def _described(words: str) -> str:
    """The wish in a few words: without courtesies, up to the first break."""
    plain = " ".join(words.split())
    plain = plain[_POLITE.match(plain).end() :] or plain  # type: ignore[union-attr]
    head = re.split(
        r"(?<=\w{3})(?:[:;?!]|\.(?:\s|$)|\s[-–]\s|,\s(?:ready|because|so that|as|since|the|which|fed|we|it|"
        r"they|please))",
        plain,
    )[0]
    said = shorten(head.strip(" ,.?!"), 100, placeholder=" ...")
    return said[:1].upper() + said[1:]
