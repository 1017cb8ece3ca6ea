"""What can be said to Chargehand in chat besides talking with it: the subcommands of /chargehand in Slack,
and the same words in a private chat in Teams. What is none of them is said to the copilot."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args
from uuid import UUID

from api.chat.accounts import Account
from api.wiring import Application
from api.wording import SYSTEMS
from models.access import NotFound, Principal
from models.errors import ChargehandError
from workflow import subscriptions
from workflow.cards import CircuitView, ProposalCard, ProposalSummary
from workflow.subscriptions import SUBJECTS

Name = Literal["help", "inbox", "mine", "show", "ask", "systems", "hear", "link", "unlink"]
NAMES: tuple[Name, ...] = get_args(Name)
LISTED = 10  # proposals in a list

HELP: dict[Name, str] = {
    "inbox": "what waits for your signature, the most pressing first",
    "mine": "what you proposed, and where it stands",
    "show": "one proposal: `show` and words of its title, or its id",
    "ask": "talk with the copilot: `ask who is free next week?` (without `ask` it is the same)",
    "systems": "whether the systems of record are being written to",
    "hear": "`hear on` or `hear off`: whether you are told here",
    "link": "say whose account this is, on our page",
    "unlink": "forget whose account this is",
    "help": "this list",
}


class NotLinked(ChargehandError):
    """I do not know whose account this is. Open {url} and sign in to link it."""

    status = 403
    retry = "with a fix"


class SeveralFound(ChargehandError):
    """Several proposals have these words in their title. Give more of them, or the id."""

    status = 409
    retry = "with a fix"


@dataclass(frozen=True)
class Command:
    """A subcommand and what follows it."""

    name: Name
    rest: str


@dataclass(frozen=True)
class Reply:
    """What a command comes to, for its caller's eyes alone."""

    text: str
    lines: tuple[ProposalSummary, ...] = ()
    card: ProposalCard | None = None
    path: str | None = None  # of the page that shows more


def parse(text: str) -> Command:
    """The command of a text; what begins with none is for the copilot."""
    first, _, rest = text.strip().partition(" ")
    name = first.lower()
    if not name:
        return Command("help", "")
    for known in NAMES:
        if name == known:
            return Command(known, rest.strip())
    return Command("ask", text.strip())


def run(app: Application, principal: Principal | None, account: Account, command: Command) -> Reply:
    """Do what a command says, but for `ask`, which needs a conversation. `principal`: whose account it is, if
    that is known. Raises NotLinked where it must be, and what the deed raises."""
    if command.name == "help":
        return Reply("\n".join(f"`{name}` {what}" for name, what in HELP.items()))
    if command.name == "link":
        where = link_url(app, account)
        return Reply(f"Open {where} and sign in: it links this account to you. Only you see this.")
    if principal is None:
        raise NotLinked(url=link_url(app, account))
    return _DEEDS[command.name](app, principal, account, command.rest)


def link_url(app: Application, account: Account) -> str:
    """Where an account's owner says that it is theirs; good once, for half an hour."""
    return f"{app.public_url}/link/{app.accounts.invite(account)}"


def _inbox(app: Application, principal: Principal, account: Account, rest: str) -> Reply:
    page = app.workflow.inbox(principal, box="mine", limit=LISTED)
    text = "What waits for you:" if page.items else "Nothing waits for your signature."
    return Reply(text, page.items, path="/inbox")


def _mine(app: Application, principal: Principal, account: Account, rest: str) -> Reply:
    page = app.workflow.inbox(principal, box="asked", limit=LISTED)
    text = "What you proposed:" if page.items else "You have proposed nothing yet. Ask me something."
    return Reply(text, page.items, path="/inbox?box=asked")


def _show(app: Application, principal: Principal, account: Account, rest: str) -> Reply:
    card = _found(app, principal, rest)
    return Reply(card.title, card=card, path=f"/proposals/{card.proposal_id}")


def _found(app: Application, principal: Principal, said: str) -> ProposalCard:
    """Raises NotFound, SeveralFound."""
    try:
        return app.workflow.open_card(principal, UUID(said))
    except ValueError:
        pass
    page = app.workflow.inbox(principal, box="all", text=said, limit=2)
    if not said or not page.items:
        raise NotFound(what="proposal", id=said)
    if len(page.items) > 1:
        raise SeveralFound
    return app.workflow.open_card(principal, page.items[0].proposal_id)


def _system(circuit: CircuitView) -> str:
    name = SYSTEMS[circuit.system]
    if circuit.state == "closed":
        return f"{name}: written to"
    return f"{name}: not written to, {circuit.waiting} waiting. {circuit.reason}".strip()


def _systems(app: Application, principal: Principal, account: Account, rest: str) -> Reply:
    return Reply("\n".join(_system(c) for c in app.workflow.circuits(principal)))


def _hear(app: Application, principal: Principal, account: Account, rest: str) -> Reply:
    said = rest.lower()
    if said not in ("on", "off"):
        return Reply("Say `hear on` or `hear off`.")
    kinds = SUBJECTS if said == "on" else ()
    with app.db.tx(principal, "agent") as tx:
        subscriptions.choose(tx, account.surface, kinds=kinds)
    return Reply("You hear here from now on." if kinds else "You hear nothing here any more.")


def _unlink(app: Application, principal: Principal, account: Account, rest: str) -> Reply:
    app.accounts.unlink(principal, account)
    return Reply("I have forgotten whose account this is. `link` says it again.")


_DEEDS: Mapping[Name, Callable[[Application, Principal, Account, str], Reply]] = {
    "inbox": _inbox,
    "mine": _mine,
    "show": _show,
    "systems": _systems,
    "hear": _hear,
    "unlink": _unlink,
}
