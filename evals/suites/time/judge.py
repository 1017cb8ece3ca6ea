"""The verdict on one time entry."""

from evals.cases import Verdict
from evals.suites.time.cases import IN_ORDER, Entry
from evals.suites.time.subject import Looked


def judge(case: Entry, said: Looked) -> Verdict:
    """Right when a planted entry is flagged and no other is, by the tool's own threshold; the score is 1 less
    the squared error.

    Only planted entries carry what recall, precision and money are means of: each of those is in the suite,
    and of the others a part."""
    strange = case.kind != IN_ORDER
    values = {"p": said.p, "y": float(strange)}
    if strange:
        values |= {
            "precision_at": said.precision,
            "precision_at_naive": said.precision_naive,
            "found": float(said.listed),
            "found_naive": float(said.listed_naive),
            "kind_right": float(case.kind in said.kinds),
            "stake": case.stake,
        }
        if said.shown:
            a_hit = said.planted / said.shown  # so that the mean over planted entries is hits of all shown
            values |= {"of_shown": said.listed * a_hit, "of_shown_naive": said.listed_naive * a_hit}
    passed = said.flagged == strange
    return Verdict(
        score=1 - (said.p - strange) ** 2,
        passed=passed,
        got=said.text,
        fault="" if passed else "It was missed." if strange else "Nothing is wrong with it.",
        values=values,
        expected_label=case.kind,
        got_label=_taken_for(case, said),
    )


def _taken_for(case: Entry, said: Looked) -> str:
    """What it was taken for: its own kind where that is among those named."""
    if not said.flagged:
        return IN_ORDER
    return case.kind if case.kind in said.kinds else " + ".join(said.kinds) or "strange"
