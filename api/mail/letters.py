"""Mails as they are sent: plain text and the same as simple HTML. Text that may come from anywhere is
escaped, and hidden characters in it are spelled out."""

from collections.abc import Mapping
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from api.hidden import visible
from api.mail.digest import Digest
from api.web.render import environment
from api.wording import money
from workflow.deliveries import Heard, Message

SETTINGS_PATH = "/me/notifications"
LONGEST_SUBJECT = 200

SUBJECTS: Mapping[Heard, str] = {
    "card": "For you to decide: {title}",
    "outcome": "{title}",
    "reminder": "Still waits for you: {title}",
    "escalation": "Nobody has signed yet: {title}",
    "report": "{title}",
    "delegation": "Signing for somebody else",
    "question": "A question for you: {title}",
    "answer": "Answered: {title}",
    "operations": "Chargehand needs a look",
}
_PAGES: Mapping[Heard, str] = {"report": "/reports", "delegation": "/delegations"}
_OPENS: Mapping[Heard, str] = {
    "card": "Read it and decide",
    "reminder": "Read it and decide",
    "escalation": "Read it and decide",
    "question": "Read it and answer",
    "answer": "Read the answer",
    "report": "Open the reports",
    "delegation": "See your delegations",
}


def letter(message: Message, sender: str, public_url: str) -> EmailMessage:
    """A mail about one thing: what happened, and one link."""
    title = message.title or "Chargehand"
    page = f"/proposals/{message.proposal_id}" if message.proposal_id else _PAGES.get(message.kind, "/news")
    mail = _headed(message, SUBJECTS[message.kind].format(title=title), sender, public_url)
    if message.proposal_id:  # one conversation a proposal
        mail["References"] = f"<proposal-{message.proposal_id}@chargehand>"
    context = {
        "text": message.text,
        "opens": _OPENS.get(message.kind, "Read more"),
        "link": public_url + page,
        "when": moment(message.created_at, message.timezone),
        "settings": public_url + SETTINGS_PATH,
    }
    plain = (
        f"{visible(message.text)}\n\n{context['link']}\n\n{context['when']}."
        f" You decide on the page, signed in; answers to this mail are not read.\n{_choose(public_url)}"
    )
    return _with_both(mail, plain, "mail.html", context)


def digest_letter(message: Message, digest: Digest, sender: str, public_url: str) -> EmailMessage:
    """A day in one mail: what waits for the reader, most pressing first, and what was decided."""
    mail = _headed(message, _digest_subject(digest), sender, public_url)
    zone = message.timezone
    waiting = [
        {
            "title": line.title,
            "amount": money(line.amount) if line.amount else "",
            "until": moment(line.expires_at, zone),
            "link": f"{public_url}/proposals/{line.proposal_id}",
        }
        for line in digest.waiting
    ]
    news = [
        {
            "text": told.text,
            "when": moment(told.created_at, zone),
            "link": f"{public_url}/proposals/{told.proposal_id}"
            if told.proposal_id
            else f"{public_url}/news",
        }
        for told in digest.news
    ]
    context = {
        "waiting": waiting,
        "waiting_more": digest.waiting_total - len(waiting),
        "news": news,
        "news_more": digest.news_total - len(news),
        "inbox": f"{public_url}/inbox",
        "all_news": f"{public_url}/news",
        "settings": public_url + SETTINGS_PATH,
        "zone": zone,
    }
    return _with_both(mail, _digest_text(context, public_url), "mail_digest.html", context)


def moment(at: datetime, zone: str) -> str:
    """A moment in the reader's zone, e.g. Mon 4 Jan 2027, 17:00 (Europe/Berlin)."""
    return f"{at.astimezone(ZoneInfo(zone)):%a %-d %b %Y, %H:%M} ({zone})"


def _headed(message: Message, subject: str, sender: str, public_url: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = message.email
    mail["Subject"] = " ".join(visible(subject).split())[:LONGEST_SUBJECT]  # one line, whatever it holds
    mail["Message-ID"] = f"<{message.key}@{urlsplit(public_url).hostname}>"
    mail["Date"] = format_datetime(message.created_at)
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"  # no out-of-office answers
    mail["List-Unsubscribe"] = f"<{public_url}{SETTINGS_PATH}>"
    return mail


def _with_both(mail: EmailMessage, plain: str, template: str, context: Mapping[str, object]) -> EmailMessage:
    mail.set_content(plain)
    html = environment().get_template(template).render(subject=str(mail["Subject"]), **context)
    mail.add_alternative(html, subtype="html")
    return mail


def _digest_subject(digest: Digest) -> str:
    parts = []
    if digest.waiting_total:
        parts.append(f"{digest.waiting_total} {'waits' if digest.waiting_total == 1 else 'wait'} for you")
    if digest.news_total:
        parts.append(f"{digest.news_total} {'thing' if digest.news_total == 1 else 'things'} decided or told")
    return f"{digest.day:%a %-d %b}: {', '.join(parts)}"


def _digest_text(context: Mapping[str, object], public_url: str) -> str:
    lines: list[str] = []
    for heading, entries, more, everything in (
        ("Waits for you, most pressing first", "waiting", "waiting_more", "inbox"),
        ("Decided and told since the last one", "news", "news_more", "all_news"),
    ):
        found = context[entries]
        if not isinstance(found, list) or not found:
            continue
        lines += [heading, "-" * len(heading), ""]
        for entry in found:
            said = visible(entry.get("title") or entry["text"])
            about = [entry["amount"], f"until {entry['until']}"] if "until" in entry else [entry["when"]]
            lines += [f"* {said}", f"  {', '.join(a for a in about if a)}", f"  {entry['link']}", ""]
        if context[more]:
            lines += [f"{context[more]} more: {context[everything]}", ""]
    lines += ["You decide on the pages, signed in; answers to this mail are not read."]
    return "\n".join(lines) + "\n" + _choose(public_url)


def _choose(public_url: str) -> str:
    return f"What you hear, and how often: {public_url}{SETTINGS_PATH}\n"
