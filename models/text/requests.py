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
from models.text.request_dates import NamedDay, named_days
from models.text.request_effort import Effort, efforts, singular
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
    starts_on: date | None = None
    due_on: date | None = None
    claim: Claim | None = None
    without_paper: bool = False  # asks to begin before anything is signed
    alters: bool = False  # changes or extends something that may be there already
    removes: bool = False  # takes work out
    repairs: bool = False  # reports a fault, or asks that something do what it should
    weekend: bool = False  # at a weekend or on a holiday


def read_requests(text: str, today: date, roles: Sequence[str] = ()) -> list[Request]:
    """Everything the message asks for, in its order. A message without a recognised request is one request
    for work as a whole; one without words is none. `roles`: the names of roles that a rate card knows."""
    reader = _Reader(text, today, roles)
    found = [request for part in _parts(text) for request in reader.read(part)]
    if found:
        return found
    whole = body(text)
    return [reader.work([whole])] if len(whole) else []


def _p(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_VERBS = (
    r"add|build|create|make|move|rename|fix|include|extend|provide|deliver|prepare|set up|migrate|train|"
    r"drop|remove|"
    r"replace|change|update|implement|integrate|connect|automate|configure|translate|convert|write|design|"
    r"develop|"
    r"support|cover|adjust|switch|expand|roll out|run|test|finish|complete|document|produce|draft|swap|"
    r"split|merge|"
    r"hide|show|sort|correct|repair|upgrade|review|host|organise|organize|arrange|import|export|load|publish"
)
_ASKS = _p(
    r"\b(?:please|could|can|would|will) (?:you|somebody|someone|anybody|anyone|your|we|the team|one of)\b|"
    r"\bplease\b|"
    r"\b(?:we|i|they|people|team|board|management|users?|department|\w+s)(?:'d| would| also| really| now|"
    r" do|'ll|\s+\w+ly)* "
    r"(?:need|want|require|like|expect|wish|ask|request|love|prefer|hope)\b(?! (?:to (?:hear|thank|see you|"
    r"discuss|talk|meet)|what))|"
    r"\b(?:wants|needs|requires|asks for|asked for|asking for|requested|demands)\b|"
    r"\b(?:is|would) it (?:be )?possible\b|\bmake sure\b|\bensure\b|\bit would be (?:great|good|nice|"
    r"helpful|useful)\b|"
    r"\b(?:how|what) about\b|\bany chance\b|\b(?:are|am) (?:looking for|after)\b|\bon our wish ?list\b|"
    r"\bwe (?:must|have to) have\b|"
    r"\bshould (?:also )?(?:be|have|get|do|show|include|cover|run|work|support)\b|\b(?:is|"
    r"are) (?:still )?missing\b|"
    r"\bcan(?:not|'t) we\b|\bno longer (?:need|want|require)\b|\bdo(?:n't| not) need\b|\bwe(?:'d|"
    r" would) (?:also )?like\b"
    rf"|^\W*(?:also |then |and |next,? )?(?:{_VERBS})\b"
)
_FAULT = _p(
    r"\b(?:still|again|keeps?|always) (?:\w+ )?(?:lets?|letting|shows?|fails?|failing|breaks?|drops?|"
    r"crash\w*|wrong|missing|los\w+|"
    r"miss\w*|reject\w*|double\w*|slow|times? out)\b|\b(?:does|do|did|is|are|was) ?(?:not|n't|"
    r"n’t) (?:\w+ )?(?:work|load|match|"
    r"correct|right|updat\w+|arriv\w+|show|reconcil\w*|run|add up|tie|complete|finished)\w*|\b(?:broken|"
    r"bugs?|defects?|errors?|crash\w*|"
    r"incorrect\w*|fail(?:s|ed|ing|ure)?)\b|\b(?:is|are|was|were|looks?|come out|"
    r"comes out) (?:\w+ )?(?:wrong|late|off|stale|out of date)\b|"
    r"\bdo(?:es)? not (?:catch|pick up|cover)\b|\bas agreed\b|\bwhat we agreed\b|\bas (?:promised|planned|"
    r"described|per the)\b"
)
_REPAIRS = _p(
    r"\b(?:fix|repair|correct|debug|resolve|finish|complete|make sure|ensure|sort out|as agreed|as planned|"
    r"as promised)\b"
)
_ALTERS = _p(
    r"\b(?:add|adding|also|extra|additional|another|more|further|rename|change|changing|replace|instead|"
    r"swap|switch|move|extend\w*|"
    r"expand\w*|beyond|on top|as well|tweak|adjust|amend|hide|reorder|split|merge|translate|different|new|"
    r"second|sixth|bigger|"
    r"larger|longer|twice|double|besides|colou?rs?|logo|wording|relabel|re-?sort)\b"
)
_REMOVES = _p(
    r"\b(?:drop|remove|leave out|take out|cancel|stop|skip|no longer (?:need|want|require)\w*|do(?:n't|"
    r" not) need|without the|de-?scope)\b"
)
_NOT_ASKED = _p(
    r"\b(?:let (?:me|us) know|get back to|give (?:me|us) a (?:call|ring)|please (?:confirm|advise|reply|"
    r"respond|note|call|see|find|accept|"
    r"bear with)|look(?:ing)? forward|thank(?:s| you)|hope (?:you|this|that|all)|can we (?:meet|talk|speak|"
    r"discuss)|have a (?:nice|good)|"
    r"could we (?:meet|talk|speak|discuss)|happy to (?:discuss|talk)|send (?:me|us) (?:a |an |your |"
    r"the )?(?:quote|estimate|offer|price|"
    r"proposal)|would like to (?:thank|say|discuss)|what do you think|does that work|is (?:this|it|that|"
    r"any of (?:this|it)) (?:covered|in scope)|"
    r"forward this|(?:any|if you have) questions)\b"
)
_REFERS = _p(
    r"^\W*(?:(?:and|but|so|ideally|preferably|of course|again),? )*(?:it|that|this|they|these|those|there|"
    r"he|she|the (?:first|latter|former)|"
    r"ready|ideally|you (?:told|said|mentioned|estimated)|your (?:estimate|colleague)|we (?:think|reckon|"
    r"estimate|guess|assume)|"
    r"i (?:think|reckon|guess|assume|would guess|would say))\b|"
    r"^\W*(?:please|could you|can you|would you|make sure)\b.{0,60}\b(?:it|that|them|this)\b|"
    r"\b(?:of|for|with|see|have|get|need|want) (?:it|them|these|those)\b"
)
_SECOND_WISH = _p(
    r"^\W*(?:also\b|in addition\b|another (?:thing|point|request|wish)|one more (?:thing|request|wish)|"
    r"besides\b|furthermore\b|"
    r"moreover\b|separately\b|while you(?:'re| are) at it|on top of that|finally\b|lastly\b|next\b|"
    r"and could|then there)"
)
_MARK = _p(
    r"\s*(?:(?:[-*•·–▪]|\(?[0-9]{1,2}[.)]|\(?[a-h]\))\s+|(?:first(?:ly)?|second(?:ly)?|third(?:ly)?|"
    r"fourth(?:ly)?|fifth(?:ly)?|"
    r"finally|lastly|one|two|three|four)(?:,|:|\s-)\s+(?:and [^,]{3,50},\s+)?)"
)
_LATER = (
    r"(?:later|after(?:wards)?|follow|can wait|catch up|next (?:week|month)|once|in due course|in parallel)"
)
_PAPER = (
    r"(?:paper ?work|formalit(?:y|ies)|change orders?|variation(?: form)?|amendment|signatures?|"
    r"contract(?:ual)? (?:side|change|part|stuff)|purchase order|p\.?o\.?|legal (?:side|stuff)|commercials|"
    r"red tape|sign-?off)"
)
_WITHOUT_PAPER = _p(
    r"\b(?:take|treat|consider|regard|accept|see|use) (?:this|the|my)(?: e-?mail| mail| message| note|"
    r" letter)? (?:as|to be) "
    r"(?:\w+ ){0,3}(?:go-?ahead|approval|order|instruction|green light|authori[sz]ation|sign-?off|"
    r"confirmation|commission)\b|"
    rf"\b{_PAPER}\b[^.!?]{{0,40}}\b{_LATER}\b|\b{_LATER}\b[^.!?]{{0,30}}\b{_PAPER}\b|"
    rf"\b(?:no need for|don't need|do not need|skip|without|no|forget(?: about)?|spare us|never mind|"
    rf"ahead of|before) (?:\w+ ){{0,2}}{_PAPER}\b|"
    rf"\b(?:we|i)(?:'ll| will| can) (?:sign|do|handle|sort|settle)\b[^.!?]{{0,40}}\b{_LATER}\b|"
    r"\b(?:this|my) (?:e-?mail|mail|message) (?:is|should be|counts as) (?:\w+ ){0,3}(?:go-?ahead|approval|"
    r"order|authori[sz]ation|enough)\b"
)
_START = _p(
    r"\b(?:start|begin|kick[- ]?off|get (?:going|started)|go ahead|crack on|commence|mobili[sz]e|proceed|"
    r"be on board|"
    r"starting|beginning|hit the ground)\b(?! (?:of|menu|page|screen|button|time))"
)
_START_OBJECT = _p(
    r"\b(?:start|begin|proceed|crack on|get going|get started|"
    r"kick[- ]?off)(?:ing)?\s+(?:work(?:ing)? )?(?:on|with|building|designing|"
    r"the|to)\s+(?!(?:it|this|that|them|these|those|all|everything|the work|work|monday|tuesday|wednesday|"
    r"thursday|friday|"
    r"saturday|sunday|\d|next|the \d|mon)\b)\w+"
)
_SOON = _p(
    r"\b(?:immediately|right away|straight ?away|at once|asap|as soon as possible|tomorrow|today|now|"
    r"this week|without delay)\b"
)
_WEEKEND = _p(
    r"\b(?:weekends?|saturdays?|sundays?|bank holidays?|public holidays?|christmas day|easter monday)\b"
)
_SIGN = {"£": "GBP", "€": "EUR", "$": "USD", "pound": "GBP", "pounds": "GBP", "quid": "GBP", "euro": "EUR",
         "euros": "EUR", "dollar": "USD", "dollars": "USD", "francs": "CHF"}  # fmt: skip
_MONEY = (
    r"(?:(?P<sign>[£€$]|\b(?:GBP|EUR|USD|CHF))\s?(?P<a>\d[\d.,]*\d|\d)(?P<ka>\s?k\b)?|"
    r"\b(?P<b>\d[\d.,]*\d|\d)(?P<kb>\s?k\b)?\s?(?P<word>pounds?|euros?|dollars?|quid|francs|GBP|EUR|USD|CHF|"
    r"£|€))"
)
_A_UNIT = r"(?:\s?(?:/|per|a|an|each|every)\s?-?\s?(?P<unit>day|hour|hr|h|d)\b)"
_RATE = _p(rf"{_MONEY}{_A_UNIT}")
_BARE_RATE = _p(r"\b(?P<b>\d{2,4})\s?(?:/|a|per)\s?(?P<unit>day|hour)\b(?=[^.]{0,60})")
_SUM = _p(_MONEY)
_SUM_CUE = _p(
    r"\b(?:budget\w*|price[ds]?|pay|cost\w*|quote\w*|lump sum|fixed|no more than|at most|maximum|capped|for|"
    r"invoice|offer|spend|fee)\b"
)
_DISCOUNT = _p(
    r"(\d{1,2}(?:\.\d+)?)\s?(?:%|per ?cent)\s*(?:\w+ ){0,2}?(?:off|discount|reduction|rebate|less|cheaper)|"
    r"\b(?:discount|reduction|rebate) of (\d{1,2}(?:\.\d+)?)\s?(?:%|per ?cent)"
)
_FREE = _p(
    r"\b(?:free of charge|for free|at no (?:extra |additional |further )?(?:cost|charge)|no (?:extra|"
    r"additional) (?:cost|charge)|"
    r"without (?:extra |additional )?(?:cost|charge)|on the house|as (?:a )?goodwill|"
    r"as a gesture of good ?will|included in (?:the|your) (?:price|fee|budget)|"
    r"not (?:expect|want|going) to (?:be charged|pay)|won't pay extra|within the (?:existing|current|"
    r"agreed) budget)\b"
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
    for place in sentences(whole.of(text)):
        span = Span(whole.start + place.start, whole.start + place.end)
        mark = _MARK.match(span.of(text))
        words = Span(span.start + mark.end(), span.end) if mark and mark.end() < len(span) else span
        gap = bool(current) and text[current[-1].end : span.start].count("\n") > 1
        asks = _asks_for_work(words.of(text))
        apart = bool(mark) or gap or bool(_SECOND_WISH.match(words.of(text)))
        if current and (apart or (asks and asked and not listed and not _REFERS.search(words.of(text)))):
            yield _Part(tuple(current), listed)
            current, listed, asked = [], False, False
        current.append(words)
        listed = listed or bool(mark)
        asked = asked or asks
    if current:
        yield _Part(tuple(current), listed)


def _asks_for_work(words: str) -> bool:
    return bool(_ASKS.search(words) and not _NOT_ASKED.search(words) and not _only_terms(words))


def _only_terms(words: str) -> bool:
    """Whether a sentence is about the start or the price and names no work."""
    about_start = _WITHOUT_PAPER.search(words) or _START.search(words)
    if about_start and not _START_OBJECT.search(words):
        return True
    return bool(_RATE.search(words) or _BARE_RATE.search(words)) and not re.search(
        rf"\b(?:{_VERBS})\b", words, re.IGNORECASE
    )


class _Reader:
    """Reads the requests of one message."""

    def __init__(self, text: str, today: date, roles: Sequence[str]) -> None:
        self.text = text
        self.today = today
        self.roles = roles

    def read(self, part: _Part) -> Iterator[Request]:
        """The work of a part first, then what its sentences say of start and price, by place."""
        found: list[Request] = []
        about_work: list[Span] = []
        for span in part.sentences:
            words = span.of(self.text)
            found += self._start(span, words)
            found += self._price(span, words)
            if not _only_terms(words) and not _NOT_ASKED.search(words):
                about_work.append(span)
        asked = [s for s in about_work if _ASKS.search(s.of(self.text)) or _FAULT.search(s.of(self.text))]
        if (
            part.listed
            and about_work
            and not asked
            and not found
            and len(about_work[0].of(self.text).split()) > 2
        ):
            asked = about_work[:1]
        if asked:
            found.append(self.work(self._relevant(about_work, asked)))
        yield from sorted(found, key=lambda r: (r.start, r.kind != "work"))

    def work(self, places: Sequence[Span]) -> Request:
        """A request for work that stands in these sentences."""
        span = trimmed(self.text, places[0].start, places[-1].end)
        quote = span.of(self.text)
        days = named_days(quote, self.today)
        lead = next((s.of(self.text) for s in places if _ASKS.search(s.of(self.text))), quote)
        named = places[0].of(self.text) if _REFERS.search(lead) else lead
        return Request(
            "work",
            quote,
            span.start,
            span.end,
            _described(named),
            effort=tuple(efforts(quote, self.roles)),
            starts_on=_first(days, "start"),
            due_on=_first(days, "deadline"),
            claim=Claim("free", role="") if _FREE.search(quote) else None,
            alters=bool(_ALTERS.search(quote)),
            removes=bool(_REMOVES.search(lead)),
            repairs=bool(_FAULT.search(quote) or (_REPAIRS.search(quote) and not _ALTERS.search(quote))),
            weekend=bool(_WEEKEND.search(re.sub(r"\bby\b[^.]*", "", quote, flags=re.I))),
        )

    def _relevant(self, about_work: Sequence[Span], asked: Sequence[Span]) -> list[Span]:
        """From the first sentence that asks to the last that asks or says how much or until when."""
        last = asked[-1]
        for span in about_work:
            words = span.of(self.text)
            if span > last and (efforts(words, self.roles) or named_days(words, self.today)):
                last = span
        return [s for s in about_work if asked[0] <= s <= last]

    def _start(self, span: Span, words: str) -> Iterator[Request]:
        without_paper = bool(_WITHOUT_PAPER.search(words))
        start = _START.search(words)
        days = named_days(words, self.today)
        day = _first(days, "start")
        if day is None and start:
            rest = words[start.end() :]
            day = next((d.day for d in days if d.start >= start.end() and d.role != "deadline"), None)
            if day is None and _SOON.search(rest):
                day = self.today
        wishes = start is not None and day is not None and not re.search(r"\bstarted|began\b", words)
        if without_paper or wishes:
            yield Request(
                "start",
                words,
                span.start,
                span.end,
                _described(words),
                starts_on=day,
                without_paper=without_paper,
            )

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


def _role_in(words: str, roles: Sequence[str]) -> str:
    """The longest role of the card that the words name, or a bare 'engineers'."""
    lower = words.lower()
    named = [r for r in roles if re.search(rf"\b{re.escape(r.lower())}s?\b", lower)]
    if named:
        return max(named, key=len)
    bare = re.search(
        r"\b((?:(?:senior|principal|junior|lead|data|analytics|cloud|security|machine learning)\s+)*"
        r"(?:engineer|developer|analyst|consultant|designer|architect|scientist|manager|tester)s?)\b",
        words,
        re.IGNORECASE,
    )
    return singular(bare[1]) if bare else ""


_POLITE = _p(
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
