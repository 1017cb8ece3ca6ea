"""The verdict on what was read out of a report."""

from collections.abc import Mapping

from evals.cases import Case, Verdict, right, wrong
from evals.suites.risk.cases import Line, Rated, Sentence, Told, Whole
from evals.suites.risk.subject import Read
from models.predict.risk import RAGS
from models.text.spans import Span, overlap

NONE = "no risk"


def judge(case: Case, read: Read) -> Verdict:
    """By the kind of case. Raises TypeError for one of another suite."""
    match case:
        case Sentence():
            return _sentence(case.line, read)
        case Whole():
            return _whole(case, read)
        case Told():
            return _told(case, read)
        case Rated():
            return _rating(case, read)
    raise TypeError(f"no case of this suite: {case.id}")


def _sentence(line: Line, read: Read) -> Verdict:
    """Values: `p` that it names a risk, and whether it does, `y`; whether it was `stated`; `precise` of what
    was stated, `found` of what names a risk, `missed` of what may be grave; of what was found, whether the
    `category` and the `severity` are right."""
    stated = next((s for s in read.statements if overlap(Span(s.start, s.end), line.span)), None)
    near = [h.probability for h in read.sentences if overlap(Span(h.start, h.end), line.span)]
    p, y = max(near, default=0.0), float(bool(line.risk))
    values = {
        "p": p,
        "y": y,
        "squared_error": (p - y) ** 2,
        "stated": float(stated is not None),
    }
    if stated:
        values["precise"] = y
    if line.risk:
        values["found"] = values["stated"]
    if line.grave:
        values["missed"] = 1 - values["stated"]
    if stated is None:
        if not line.risk:
            return right(NONE, label=NONE, **values)
        return wrong(NONE, "The risk was not found.", expected_label=line.risk[0], got_label=NONE, **values)
    got = f"a risk: {stated.category}, {stated.severity}"
    if not line.risk:
        return wrong(got, "No risk is named there.", expected_label=NONE, got_label=stated.category, **values)
    values |= {
        "category": float(stated.category in line.risk),
        "severity": float(stated.severity in line.severity),
    }
    if not values["category"]:
        fault = f"It is no {stated.category} risk."
        return wrong(got, fault, expected_label=line.risk[0], got_label=stated.category, **values)
    if not values["severity"]:
        fault = f"It is not {stated.severity}."
        label = f"{stated.category}, {line.severity[0]}"
        return wrong(
            got, fault, expected_label=label, got_label=f"{stated.category}, {stated.severity}", **values
        )
    return right(got, label=stated.category, **values)


def _whole(case: Whole, read: Read) -> Verdict:
    """Values: the share of quotes that are `verbatim`, and of statements `carried` by a sentence that names a
    risk."""
    carrying = [line.span for line in case.report.lines if line.risk]
    carried = [s for s in read.statements if any(overlap(Span(s.start, s.end), span) for span in carrying)]
    loose = next((s for s in read.statements if s not in carried), None)
    values = _quoted(read, case.report.id, case.report.text)
    if read.statements:
        values["carried"] = len(carried) / len(read.statements)
    fault = _misquoted(values)
    if loose and not fault:
        fault = f"Stated though the words do not say so: {loose.quote}"
    return _verdict(f"{len(read.statements)} statements, {len(carried)} carried", fault, values)


def _told(case: Told, read: Read) -> Verdict:
    """Values: `verbatim` as above; where trouble was planted, whether a sentence of it is
    `shown`."""
    values = _quoted(read, case.report_id, case.report)
    fault = _misquoted(values)
    if case.planted:
        shown = any(p in s.quote or s.quote in p for p in case.planted for s in read.statements)
        values["shown"] = float(shown)
        fault = fault or ("" if shown else "The planted trouble is not shown.")
    return _verdict(" | ".join(s.quote for s in read.statements) or "nothing", fault, values)


def _quoted(read: Read, report_id: str, text: str) -> dict[str, float]:
    """The share of quotes that stand in the report word for word, where there are any."""
    quotes = (*read.statements, *read.cited)
    verbatim = [q.report_id == report_id and text[q.start : q.end] == q.quote for q in quotes]
    return {"verbatim": sum(verbatim) / len(verbatim)} if verbatim else {}


def _misquoted(values: Mapping[str, float]) -> str:
    return "A quote is not what stands in the report." if values.get("verbatim", 1) < 1 else ""


def _verdict(got: str, fault: str, values: Mapping[str, float]) -> Verdict:
    return Verdict(score=float(not fault), passed=not fault, got=got, fault=fault, values=values)


def _rating(case: Rated, read: Read) -> Verdict:
    """Values: `p_red`, whether it was `red`, and the squared `red_error`; `rated` right, and the `rag` it
    was, 0 green to 2 red."""
    got = RAGS[max(range(len(RAGS)), key=read.chances.__getitem__)]
    p_red, red = read.chances[RAGS.index("red")], float(case.rag == "red")
    values = {
        "p_red": p_red,
        "red": red,
        "red_error": (p_red - red) ** 2,
        "rag": float(RAGS.index(case.rag)),
        "rated": float(got == case.rag),
    }
    if got == case.rag:
        return right(got, label=got, **values)
    return wrong(got, f"It was rated {case.rag}.", expected_label=case.rag, got_label=got, **values)
