"""Compares what a client asks for with the contract: is it part of the services, small enough to be free,
more work, or against what was agreed, and which clause decides.

A work package covers a request when they share their telling words or mean the same (cosine of sentence
embeddings); the exclusions of the contract go first. Where neither is clear, the finding says so."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from models.likeness import Likeness
from models.money import Money, total
from models.rate_card import RateCard
from models.scope_grounds import Ground, confidence, uncovered
from models.text.contract_terms import Term, first
from models.text.embed import Embedder
from models.text.requests import Claim, Request
from models.text.term_values import BY_EMAIL

Finding = Literal["in_scope", "out_of_scope", "small_change", "contradicts_contract", "unclear"]

COVERED = 0.55  # likeness from which a work package or an exclusion is taken to mean the request
DOUBTFUL = 0.42  # below it nothing in the services resembles the request


@dataclass(frozen=True)
class Line:
    """Priced hours of one role."""

    description: str
    role: str
    hours: Decimal
    rate: Money  # an hour
    amount: Money
    assumed_role: bool  # the message names none, or not one of the card


@dataclass(frozen=True)
class Compared:
    """A request and what the contract says to it."""

    request: Request
    finding: Finding
    reason: str
    clause: Term | None = None  # that decides; None where the contract is silent
    also: tuple[Term, ...] = ()  # others that bear on it
    hours: Decimal = Decimal(0)
    lines: tuple[Line, ...] = ()  # priced where it is more work with a stated effort
    ground: Ground | None = None  # of work that is out of scope

    @property
    def confidence(self) -> Decimal | None:
        """How sure it is that the work is out of scope, 0 to 1; None of any other finding."""
        return confidence(self.ground) if self.ground else None


@dataclass(frozen=True)
class Agreement:
    """A contract as far as it concerns one project."""

    terms: tuple[Term, ...]
    packages: tuple[Term, ...]
    exclusions: tuple[Term, ...]
    card: RateCard

    @classmethod
    def of(cls, terms: Sequence[Term], project_id: str) -> "Agreement":
        """Parts of the services that name other projects are left out."""
        own = [t for t in terms if t.project_id in ("", project_id)]
        return cls(
            tuple(terms),
            tuple(t for t in own if t.kind == "work_package"),
            tuple(t for t in own if t.kind == "exclusion"),
            RateCard.of(terms),
        )

    def earliest_start(self, signed_on: date) -> date:
        """The first day on which a change signed on that day may begin. Public holidays are not counted."""
        notice = first(self.terms, "change_notice")
        return after_working_days(signed_on, notice.days if notice else 0)


def start_of_work(compared: Sequence[Compared], agreement: Agreement, signed_on: date) -> date:
    """When changed work can begin: as early as the contract lets it, or on the day that was asked for where
    that is later."""
    wanted = min((d for c in compared if (d := c.request.starts_on)), default=signed_on)
    return max(agreement.earliest_start(signed_on), wanted)


def after_working_days(day: date, count: int) -> date:
    """The working day (Monday to Friday) that many after `day`; with 0, `day` or the Monday after it."""
    while day.weekday() > 4:
        day += timedelta(days=1)
    weeks, rest = divmod(count, 5)
    day += timedelta(weeks=weeks)
    for _ in range(rest):
        day += timedelta(days=3 if day.weekday() == 4 else 1)
    return day


def compare(
    requests: Sequence[Request],
    agreement: Agreement,
    embedder: Embedder,
    *,
    today: date,
    usual_role: str = "",
) -> list[Compared]:
    """Each request with its finding, in their order. `usual_role`: whose rate prices effort for which no role
    is said."""
    return _Comparison(requests, agreement, embedder, today, usual_role).run()


class _Comparison:
    def __init__(
        self,
        requests: Sequence[Request],
        agreement: Agreement,
        embedder: Embedder,
        today: date,
        usual_role: str,
    ) -> None:
        self.requests = requests
        self.agreement = agreement
        self.card = agreement.card
        self.likeness = Likeness([*agreement.packages, *agreement.exclusions], embedder)
        self.today = today
        self.usual_role = usual_role
        self.free_hours_left = self._allowance.hours if self._allowance else Decimal(0)

    @property
    def _allowance(self) -> Term | None:
        return first(self.agreement.terms, "change_allowance")

    @property
    def _order(self) -> Term | None:
        return first(self.agreement.terms, "change_order")

    def run(self) -> list[Compared]:
        work = {id(r): self._work(r) for r in self.requests if r.kind == "work"}
        lines = [line for c in work.values() for line in c.lines]
        changes = any(c.finding != "in_scope" for c in work.values()) or not work
        found = []
        for request in self.requests:
            if request.kind == "work":
                found.append(work[id(request)])
            elif request.kind == "start":
                found.append(self._start(request, changes))
            else:
                found.append(self._price(request, lines))
        return found

    # Work

    def _work(self, request: Request) -> Compared:
        hours = sum((e.hours(self.card.hours_a_day) for e in request.effort), Decimal(0))
        compared = self._judged(request, hours)
        if compared.finding == "out_of_scope":
            compared = replace(compared, lines=self._lines(request))
        return self._remarks(compared)

    def _judged(self, request: Request, hours: Decimal) -> Compared:
        """Small first, since what is free needs no order; then exclusions, then work packages."""
        package, covered = self.likeness.best(request.quote, "work_package")
        exclusion, excluded = self.likeness.best(request.quote, "exclusion")
        if exclusion and excluded >= COVERED and excluded >= covered:
            reason = f"The contract excludes it: {exclusion.what}."
            return self._small(request, hours) or Compared(
                request, "out_of_scope", reason, exclusion, (), hours, ground="excluded"
            )
        named = self.likeness.named(request.quote)
        if covered < COVERED and named:
            package, covered = named, max(covered, DOUBTFUL)
        settled = covered >= COVERED or (named is not None and (request.fault or request.delivers))
        if package and (settled or (covered >= DOUBTFUL and request.alters and hours)):
            return self._within(request, package, hours)
        return self._small(request, hours) or self._outside(request, package, covered, hours)

    def _small(self, request: Request, hours: Decimal) -> Compared | None:
        """What is free as a small change, as far as the message itself has not used it up."""
        allowance = self._allowance
        if allowance is None or request.removes or not 0 < hours <= self.free_hours_left:
            return None
        self.free_hours_left -= hours
        free = f"the {plain(allowance.hours)} hours of small changes that are free each month"
        reason = f"{plain(hours)} hours fit in {free}, if they are not used up yet."
        return Compared(request, "small_change", reason, allowance, (), hours)

    def _outside(self, request: Request, nearest: Term | None, covered: float, hours: Decimal) -> Compared:
        """What no work package clearly covers."""
        if nearest and covered >= DOUBTFUL:
            reason = f"It may belong to {_named(nearest)}, but the words do not settle it: ask what is meant."
            return Compared(request, "unclear", reason, nearest, (), hours)
        if not self.agreement.packages:
            reason = "The contract lists no work packages for this project to compare it with."
            return Compared(request, "unclear", reason, self._order, (), hours)
        reason, ground = "No work package covers it.", uncovered(covered)
        return Compared(request, "out_of_scope", reason, self._order, (), hours, ground=ground)

    def _within(self, request: Request, package: Term, hours: Decimal) -> Compared:
        """What touches a work package is part of it, unless it asks for more or less than was agreed."""
        if request.removes:
            reason = f"It takes work out of {_named(package)}: a change to what was agreed."
            return self._altering(request, reason, package, hours)
        if request.fault:
            return Compared(request, "in_scope", f"It is part of {_named(package)}.", package, (), hours)
        if small := self._small(request, hours):
            return small
        told = request.delivers or not request.wishes or self.likeness.nothing_new(request.quote)
        if told and not request.alters:
            return Compared(request, "in_scope", f"It is part of {_named(package)}.", package, (), hours)
        if hours:
            reason = f"It changes {_named(package)} by more than the contract lets pass free."
            return self._altering(request, reason, package, hours)
        free = self._allowance if self._allowance and self._allowance.hours else None
        reason = f"It goes beyond {_named(package)}, and how much work that is, is not stated"
        rest = f"; up to {plain(free.hours)} hours a month would be free." if free else "."
        return Compared(request, "unclear", reason + rest, package, (free,) if free else (), hours)

    def _altering(self, request: Request, reason: str, package: Term, hours: Decimal) -> Compared:
        """A change to a work package that was agreed."""
        decides = self._order or package
        return Compared(request, "out_of_scope", reason, decides, (package,), hours, ground="alters")

    def _lines(self, request: Request) -> tuple[Line, ...]:
        lines = []
        for effort in request.effort:
            rates = self.card.matching(effort.role or request.role)
            assumed = len(rates) != 1
            if assumed:
                rates = self.card.matching(self.usual_role)[:1] if not rates else self._settled(rates)
            if len(rates) != 1:
                return ()
            rate, hours = (
                self.card.hour(rates[0], weekend=request.weekend),
                effort.hours(self.card.hours_a_day),
            )
            lines.append(
                Line(request.description, rates[0].what, hours, rate, (rate * hours).rounded(), assumed)
            )
        return tuple(lines)

    def _settled(self, rates: Sequence[Term]) -> tuple[Term, ...]:
        """Of several that may be meant, the usual role if it is among them."""
        return tuple(r for r in rates if r.what == self.usual_role)

    def _remarks(self, compared: Compared) -> Compared:
        """Weekends, the contract's end, and work that is expected for nothing."""
        request = compared.request
        if request.weekend and (term := first(self.agreement.terms, "weekend_work")):
            compared = _and(
                compared,
                term,
                f"Weekend and holiday work is charged {plain(term.percent)}% on top and needs approval.",
            )
        end = first(self.agreement.terms, "term_end")
        if end and end.day and request.due_on and request.due_on > end.day:
            compared = _and(compared, end, f"The contract ends on {_day(end.day)}, before that date.")
        if compared.finding == "out_of_scope" and request.claim:
            compared = _and(
                compared, self._order, "It is asked for at no charge, which the contract does not give."
            )
        return compared

    # Start

    def _start(self, request: Request, changes: bool) -> Compared:
        order, notice = self._order, first(self.agreement.terms, "change_notice")
        earliest = self.agreement.earliest_start(self.today)
        too_early = request.starts_on is not None and request.starts_on < earliest
        by_mail = order is not None and order.what == BY_EMAIL
        late = (
            f"signed today, work may begin on {_day(earliest)} at the earliest"
            if notice and too_early
            else ""
        )
        if request.without_paper and order and not by_mail:
            reason = "The contract wants a change agreed in writing before work on it begins"
            return Compared(
                request,
                "contradicts_contract",
                f"{reason}; {late}." if late else f"{reason}.",
                order,
                (notice,) if notice and too_early else (),
            )
        if too_early and notice and changes:
            return Compared(request, "contradicts_contract", f"{late[0].upper()}{late[1:]}.", notice)
        if not changes:
            return Compared(
                request, "in_scope", "All the work asked for is agreed already: no change order is needed."
            )
        if request.without_paper and order:
            return Compared(
                request,
                "in_scope",
                "The contract lets an e-mail of the person it names order a change.",
                order,
            )
        if order is None and notice is None:
            return Compared(request, "unclear", "The contract does not say how a change is agreed.")
        return Compared(
            request, "in_scope", "The contract allows that day, once the change is signed.", notice or order
        )

    # Price

    def _price(self, request: Request, lines: Sequence[Line]) -> Compared:
        claim = request.claim
        if claim is None:
            raise ValueError("a request about a price names one")
        if claim.basis == "percent":
            return self._discount(request, claim)
        if claim.basis == "total":
            return self._sum(request, claim, lines)
        rates = self.card.matching(claim.role, [line.role for line in lines])
        if not rates and not claim.role and len(lines) == 1:
            rates = self.card.matching(lines[0].role)
        if not rates:
            return Compared(
                request, "unclear", "It is not clear for which role of the rate card that rate is meant."
            )
        agreed = [self._in_unit(r, claim) for r in rates]
        currency = claim.currency or rates[0].currency
        said = Money(amount=claim.amount, currency=currency)
        unit = claim.basis
        names = rates[0].what if len(rates) == 1 else f"the {len(rates)} roles that may be meant"
        at = f"{_amount(min(agreed, key=_size))}" + (
            f" to {_amount(max(agreed, key=_size))}" if len(rates) > 1 else ""
        )
        if any(a.rounded() == said.rounded() for a in agreed):
            return Compared(request, "in_scope", f"{_amount(said)} a {unit} is the agreed rate.", rates[0])
        return Compared(
            request,
            "contradicts_contract",
            f"The message reckons with {_amount(said)} a {unit}; agreed for {names} is {at}.",
            rates[0],
            tuple(rates[1:4]),
        )

    def _in_unit(self, rate: Term, claim: Claim) -> Money:
        hour = self.card.listed(rate) * (1 + self.card.for_changes / 100)
        return (hour * self.card.hours_a_day if claim.basis == "day" else hour).rounded()

    def _discount(self, request: Request, claim: Claim) -> Compared:
        term = first(self.agreement.terms, "change_rate")
        if term is None:
            return Compared(
                request, "unclear", "The contract does not say at which rates changes are charged."
            )
        agreed = _percent(term.percent)
        if claim.percent == term.percent:
            return Compared(request, "in_scope", f"The contract prices changes at {agreed}.", term)
        return Compared(
            request,
            "contradicts_contract",
            f"The message reckons with {_percent(claim.percent)}; the contract prices changes at {agreed}.",
            term,
        )

    def _sum(self, request: Request, claim: Claim, lines: Sequence[Line]) -> Compared:
        term = first(self.agreement.terms, "change_rate") or first(self.agreement.terms, "rate")
        if not lines:
            return Compared(
                request,
                "unclear",
                "There is no stated effort to hold that sum against the agreed rates.",
                term,
            )
        price = total((line.amount for line in lines), lines[0].amount.currency)
        said = Money(amount=claim.amount, currency=claim.currency or price.currency)
        if said.currency != price.currency or said < price:
            return Compared(
                request,
                "contradicts_contract",
                f"The message reckons with {_amount(said)}; the effort at the agreed rates is "
                f"{_amount(price)}.",
                term,
            )
        return Compared(request, "in_scope", f"The effort at the agreed rates is {_amount(price)}.", term)


def _and(compared: Compared, term: Term | None, words: str) -> Compared:
    also = (*compared.also, term) if term and term is not compared.clause else compared.also
    return replace(compared, reason=f"{compared.reason} {words}", also=also)


def _named(package: Term) -> str:
    return f"{package.item_id} ({package.what})" if package.item_id else f"'{package.what}'"


def _day(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B %Y}"


def plain(number: Decimal) -> str:
    """Without zeros that say nothing: 2, 7.5, 480."""
    return f"{number.normalize():f}"


def _amount(money: Money) -> str:
    return str(money.rounded())


def _size(money: Money) -> Decimal:
    return money.amount


def _percent(percent: Decimal) -> str:
    if not percent:
        return "the rate card"
    return f"the rate card {'plus' if percent > 0 else 'less'} {plain(abs(percent))}%"
