"""What a language model's words may not do, whatever it was told: claim that something was done, name people
and projects that nothing it looked up speaks of, or speak a language that nobody here speaks.

The words are those of English, German, French and Spanish; a claim in another language is in the wrong
language first. Numbers are judged in `agents.grounding`."""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING

from langchain_core.messages import AnyMessage, HumanMessage, ToolMessage

from agents.grounding import texts, ungrounded
from agents.toolbox import Name
from agents.transcript import current_turn, steps
from tools.registry import ToolResult

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

SURE = 0.9  # probability from which a text counts as being in a language
MAYBE = 0.3  # and from which a person may have meant to write in it
LETTERS = 24  # of fewer nothing can be told, unless the script tells
OF_NAMES = frozenset({"person", "project", "client", "invoice"})

_DEEDS = (
    "booked|assigned|approved|rejected|signed|sent|emailed|mailed|registered|returned|released|issued|paid|"
    "cancelled|canceled|updated|deleted|removed|scheduled|confirmed|reserved|posted|submitted|executed"
)
_SO = r"(?:\s+(?:just|now|already|also|successfully|therefore|then|gone ahead and))*"
_BY_ITSELF = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?:I|we)(?:['’]ve|\s+have|\s+had)?{_SO}\s+(?:{_DEEDS})\b",
        r"\b(?:ich habe|wir haben|habe ich|haben wir)\b[^.!?\n]*?\b(?:gebucht|eingeplant|zugewiesen|"
        r"genehmigt|freigegeben|abgelehnt|unterschrieben|verschickt|gesendet|geschickt|eingetragen|storniert|"
        r"bestätigt|gelöscht|geändert|zurückgegeben)\b",
        r"\b(?:j['’]ai|nous avons)\b[^.!?\n]*?\b(?:réservé|affecté|approuvé|validé|refusé|signé|envoyé|"
        r"enregistré|annulé|confirmé|supprimé|modifié)e?s?\b",
        r"\b(?:he|hemos)\s+(?:\w+\s+)?(?:reservado|asignado|aprobado|rechazado|firmado|enviado|registrado|"
        r"cancelado|confirmado|eliminado|modificado)\b",
    )
)
_DONE = re.compile(
    r"\A\W*(?:done|all set|all done|erledigt|fertig|c['’]est fait|hecho|listo)\b(?=\s*[.!,:\n]|\s*\Z)",
    re.IGNORECASE,
)
_OF_RECORDS = re.compile(
    rf"\b(?:has|have|is|are|was|were)(?:\s+(?:now|been|already|successfully))*\s+(?P<deed>{_DEEDS})\b",
    re.IGNORECASE,
)
_NOT = re.compile(
    r"\b(?:nobody|no one|none|no|not|nothing|never|neither|if|once|until|unless|before)\b", re.IGNORECASE
)
_PROPOSING = re.compile(
    r"propos|approval|inbox|signature|genehmigung|vorschlag|vorgeschlagen|validation|aprobaci", re.IGNORECASE
)
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")
_QUOTE = re.compile(r"“[^”]*”|„[^“”]*[“”]|«[^»]*»|\"[^\"\n]*\"")
_LETTER = re.compile(r"[^\W\d_]")
_OTHER_SCRIPT = re.compile(  # Cyrillic, Hebrew and Arabic, Indic, Thai and Lao, Japanese, Chinese, Korean
    r"[\u0400-\u04ff\u0590-\u06ff\u0900-\u0dff\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
)


def objection(text: str, messages: Sequence[AnyMessage], names: Iterable[Name]) -> str:
    """Why the words of a language model may not be shown, after "is left out:"; '' where they may.

    Args:
        text: its answer.
        messages: the conversation before it.
        names: what the person may see by name."""
    found = [s.result for s in steps(current_turn(messages)) if s.result]
    if unknown := ungrounded(text, found):
        return f"it holds {_numbers(len(unknown))} that no record I looked up has"
    if deed := _claimed(text, found):
        return f"it says “{deed}”, and nothing was: what I do is propose"
    if strange := _unheard_of(text, messages, names):
        return f"{', '.join(strange[:3])} is in nothing I looked up"
    if language := _foreign(text, messages):
        return f"it is in another language than yours ({language})"
    return ""


def _numbers(count: int) -> str:
    """Not which: what no record has may come from somewhere else, and be nobody's to read."""
    return "a number or an id" if count == 1 else f"{count} numbers or ids"


def _claimed(text: str, found: Sequence[ToolResult]) -> str:
    """The first thing that it says was done and was not. That a proposal was submitted or sent for approval
    may be said where there is one; that a record was, where a finding says so."""
    proposed = any(result.proposals for result in found)
    known = "\n".join(texts(found)).lower()
    if not proposed and (done := _DONE.search(text)):
        return done[0].strip()
    for sentence in _SENTENCE.findall(text):
        if proposed and _PROPOSING.search(sentence):
            continue
        for pattern in _BY_ITSELF:
            if claim := pattern.search(sentence):
                return claim[0].strip()
        for claim in _OF_RECORDS.finditer(sentence):
            if claim["deed"].lower()[:4] not in known and not _NOT.search(sentence[: claim.start()]):
                return claim[0].strip()
    return ""


def _unheard_of(text: str, messages: Sequence[AnyMessage], names: Iterable[Name]) -> list[str]:
    """Names of the firm's in the text that stand in no finding, and that nobody said."""
    heard = "\n".join(_heard(messages)).casefold()
    return [
        name.name
        for name in names
        if name.kind in OF_NAMES
        and name.name in text
        and re.search(rf"(?<!\w){re.escape(name.name)}(?!\w)", text)
        and name.name.casefold() not in heard
    ]


def _heard(messages: Sequence[AnyMessage]) -> Iterable[str]:
    yield from (m.text for m in messages if isinstance(m, HumanMessage | ToolMessage))
    yield from texts([s.result for s in steps(messages) if s.result])


def _foreign(text: str, messages: Sequence[AnyMessage]) -> str:
    """The language of the text, where it is surely neither English nor one that the person wrote in. What it
    quotes does not count."""
    own = _QUOTE.sub(" ", text)
    said = [m.text for m in messages if isinstance(m, HumanMessage)]
    letters = len(_LETTER.findall(own))
    language, sure = _identifier().classify(own)
    if len(_OTHER_SCRIPT.findall(own)) * 3 > letters:
        return "" if any(_OTHER_SCRIPT.search(words) for words in said) else str(language)
    if letters < LETTERS or sure < SURE or language == "en":
        return ""
    spoken = (_identifier().rank(words)[:3] for words in said)
    meant = {written for ranks in spoken for written, p in ranks if p >= MAYBE}
    return "" if language in meant else str(language)


@cache
def _identifier() -> "LanguageIdentifier":
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
