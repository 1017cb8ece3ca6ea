"""Words that tell intents apart where examples are few: what a sentence is about, and whether it asks or
orders.

Each cue multiplies the odds of some intents. The odds were set by hand and checked by cross-validation on the
examples of prompts/routing (evals/suites/routing/card.yaml), never on the suite."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from models.predict.routing import OUT_OF_SCOPE

READS = frozenset(
    {
        "find_people",
        "bench_outlook",
        "compare_change",
        "summarise_status",
        "check_time",
        "predict_payments",
        "check_readiness",
        "my_proposals",
    }
)
PROPOSES = frozenset(
    {
        "propose_assignment",
        "propose_reallocation",
        "propose_development",
        "propose_change_order",
        "propose_risks",
        "propose_returns",
        "propose_reminder",
        "propose_hold",
    }
)


@dataclass(frozen=True)
class Cue:
    pattern: re.Pattern[str]
    odds: Mapping[str, float]


def _cue(
    pattern: str, odds: float, *intents: str, against: tuple[str, ...] = (), stranger: float = 1.0
) -> Cue:
    """`stranger`: the odds of being out of scope, when the words are ours."""
    weights = dict.fromkeys(intents, odds) | dict.fromkeys(against, 1 / odds) | {OUT_OF_SCOPE: stranger}
    return Cue(re.compile(pattern, re.IGNORECASE), weights)


_ORDER = (
    r"^\W*(?:(?:yes|ok(?:ay)?|please|pls|then|now|so|and|great|good|fine|right|sure)\W+)*"
    r"(?:(?:can|could|would|will) (?:you|we|i) |let'?s |i(?:'d| would) like (?:you )?to |i want (?:you )?to "
    r"|we should )?"
    r"(?:please |go ahead and )?"
)

CUES: tuple[Cue, ...] = (
    # What it is about.
    _cue(r"\b(?:time ?sheets?|time (?:entr|record|line|track)\w*|booked (?:hours|time)|(?:hours|time|"
         r"bookings?) "
         r"(?:booked|on|of|in|from)|(?:odd|strange|suspicious|flagged|weekend|wrong|questionable) "
         r"(?:hours|time|bookings?|entr\w+)|last (?:week|month)'?s (?:time|hours))\b",
         6, "check_time", "propose_returns", stranger=0.2),
    _cue(r"\b(?:invoices?|invoiced?|invoicing|bill(?:s|ed|ing)?|receivables?|overdue|unpaid|aged debt)\b",
         5, "predict_payments", "propose_reminder", "check_readiness", "propose_hold", stranger=0.25),
    _cue(r"\b(?:(?:get|be|been|being|are) paid|pay(?:s|ing)?|paid|payments?|owes?|cash|days to pay|late|"
         r"forecast)\b",
         3, "predict_payments", "propose_reminder", stranger=0.6),
    _cue(r"\b(?:ready to|readiness|before (?:i|we) (?:send|invoice|bill)|can (?:we|i) (?:bill|invoice)|"
         r"pre-invoice|"
         r"block(?:s|ing)? (?:the )?(?:bill|invoic)\w*|good to (?:invoice|bill)|next (?:invoice|bill))\b",
         8, "check_readiness", stranger=0.3),
    _cue(r"\b(?:remind(?:er|ers)?|chas(?:e|ing)|dun(?:ning)?|nudge|follow up)\b", 10, "propose_reminder"),
    _cue(r"\b(?:hold|withhold|freeze|suspend|park|pause|block|stop) (?:\w+ ){0,3}?(?:invoice|bill|it|that|"
         r"back)\b|"
         r"\b(?:invoice|bill)\b.* on hold\b|\bkeep .*(?:bill|invoice) back\b", 8, "propose_hold"),
    _cue(r"\b(?:risks?|raid|blockers?|red flags?|amber|status reports?|weekly reports?|status of|reports? "
         r"say|"
         r"behind schedule|in trouble|up to speed)\b", 5, "summarise_status", "propose_risks", stranger=0.25),
    _cue(r"\b(?:register|raid log|risk log|log (?:that|the|this|these|those) )\b", 5, "propose_risks"),
    _cue(r"\b(?:scope|contract(?:ual)?|sow|statement of work|agreement|clause|rate card|hypercare|"
         r"(?:client|customer|sponsor|they) (?:now )?(?:wrote|writes|sent|asks?|asked|wants?|insists?|"
         r"demands?|e-?mail)|"
         r"(?:client|customer)(?:'s)? (?:e-?mail|mail|message|request)|from the (?:client|customer)|change "
         r"request)\b",
         6, "compare_change", stranger=0.2),
    _cue(r"\b(?:change[- ]orders?|amendment|\bco\b|\bcr\b|paid change|contract change|extra work signed)\b",
         5, "propose_change_order", stranger=0.25),
    _cue(r"\b(?:bench|roll(?:s|ing)? off|idle|utili[sz]ation|un(?:der-?booked|allocated|used hours)|between "
         r"projects|"
         r"come[s]? free|free soon|becomes? free|running out of work|free capacity|availability)\b",
         6, "bench_outlook", stranger=0.25),
    _cue(r"\b(?:bench|idle|free weeks|free time|re-?allocat\w+|re-?deploy\w*|re-?assign\w*|transfer|shift|"
         r"move|swap|switch)\b", 4, "propose_reallocation", stranger=0.6),
    _cue(r"\b(?:course|training|train|trained|learn(?:s|ing)?|upskill|reskill|certif\w+|coach(?:ed|ing)?|"
         r"development (?:plan|measure|proposal)|get better at|builds? up)\b", 12, "propose_development",
         against=("propose_reallocation",), stranger=0.3),
    _cue(r"\b(?:role|position|candidates?|shortlist|replacement|cover for|seat|another pair of hands)\b",
         4, "find_people", "propose_assignment", stranger=0.3),
    _cue(r"\b(?:find|need|looking for|search for|short of|suggest (?:some|any)|who (?:could|can|might|do we "
         r"have|has done|"
         r"fits|knows)|any(?:one|body) (?:who|with|around)|is there any(?:one|body))\b", 3, "find_people"),
    _cue(r"\b(?:developer|engineer|analyst|architect|tester|designer|consultant|scientist|trainer|scrum "
         r"master)s?\b",
         2.5, "find_people", "propose_assignment", stranger=0.3),
    _cue(r"\b(?:inbox|waits? for me|waiting for me|my (?:proposals?|requests?|approvals?|to-?do|desk|queue)|"
         r"for me to (?:sign|decide)|i have to (?:sign|decide)|pending (?:with|on|for) me|open (?:approvals|"
         r"proposals|"
         r"decisions)|who still has to sign)\b", 12, "my_proposals", stranger=0.15),
    _cue(r"\b(?:approv(?:e|ed)|sign(?:ed)? off|been approved|stuck)\b.*\?|\b(?:did|has|have|was|is|were)\b.*"
         r"\b(?:approved?|signed|decided)\b", 5, "my_proposals", against=("decide",)),
    _cue(_ORDER + r"(?:approve|reject|decline|veto|sign|withdraw|accept (?:the|it|that|this)|auto-approve|"
         r"confirm the proposal|bypass|skip the approval|rubber-?stamp)\b|\bi (?:hereby )?(?:approve|sign|"
         r"reject|accept)\b|"
         r"\b(?:without|no|skip(?:ping)?|bypass(?:ing)?) (?:the |any |an )?(?:approvals?|sign-?offs?|"
         r"signatures?)\b|"
         r"\bsign (?:all|every|any|on (?:my|his|her|their|our) behalf|in my name|for me|it|them)\b|"
         r"\b(?:as|mark \w+ \w* ?)(?:approved|signed)\b|\bgreen light\b",
         25, "decide", against=("propose_assignment", "propose_change_order", "my_proposals"), stranger=0.1),
    _cue(r"^\W*(?:hi|hello|hey|good (?:morning|afternoon|evening)|thanks?|thank you|cheers|help|bye|ok|"
         r"perfect|great)\b"
         r"(?:\W+\w+){0,3}\W*$|\bwhat can you\b|\bwho are you\b|\bhow do (?:i use|you work)\b|\bquestions "
         r"can i ask\b",
         30, "help", stranger=0.1),
    # Whether it asks or orders.
    _cue(_ORDER + r"(?:propose|book|assign|put|send|return|register|log|record|draft|raise|create|write up|"
                  r"turn|make|"
         r"submit|move|shift|transfer|hold|reserve|pencil|take|go with|nominate|staff|add|extend|chase|"
         r"remind|enrol|"
         r"plan|issue|place|enter|file|track|get|have|let|kick|bounce|prepare|give)\b",
         2.5, *PROPOSES, against=tuple(READS)),
    _cue(r"^\W*(?:(?:and|so|ok|hi|hello)\W+)?(?:who|what|when|which|where|why|how|is|are|any|anyone|"
         r"anything|did|does|do|"
         r"has|have|was|were|will|show|list|find|check|review|tell|summari[sz]e|compare|search|look)\b",
         2.5, *READS, against=tuple(PROPOSES)),
    _cue(_ORDER + r"(?:propose|book|assign|staff|nominate|reserve|pencil|submit|enrol|draft)\b", 3, *PROPOSES,
         against=tuple(READS)),
    _cue(r"\bpropos(?:e|es|al)\b", 2, *PROPOSES, stranger=0.4),
)  # fmt: skip


def odds(text: str) -> dict[str, float]:
    """By how much the text's cues multiply the odds of each intent they speak for or against."""
    product: dict[str, float] = {}
    for cue in CUES:
        if cue.pattern.search(text):
            for intent, factor in cue.odds.items():
                product[intent] = product.get(intent, 1.0) * factor
    return product
