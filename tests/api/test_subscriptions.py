"""What people want to hear where is theirs to say."""

from api.wiring import Application
from models.access import service
from tests.api.small_firm import Program


def test_one_chooses_for_oneself(application: Application, program: Program) -> None:
    assert program("rita").get("/v1/me/subscriptions").json() == [], "no surface is connected"
    with application.db.tx(service("messages"), "worker") as tx:
        tx.execute("deliveries.enable", surface="mail", enabled=True)
    [before] = program("rita").get("/v1/me/subscriptions").json()
    assert (before["surface"], before["chosen"]) == ("mail", False)
    [after] = program("rita").put("/v1/me/subscriptions/mail", json={"kinds": ["outcome"]}).json()
    assert after == {
        "surface": "mail",
        "kinds": ["outcome"],
        "digest": [],
        "weekends": False,
        "chosen": True,
    }
    [others] = program("rolf").get("/v1/me/subscriptions").json()
    assert others == before


def test_a_digest_is_a_choice_that_has_its_limits(application: Application, program: Program) -> None:
    with application.db.tx(service("messages"), "worker") as tx:
        tx.execute("deliveries.enable", surface="mail", enabled=True)
    rita = program("rita")
    wanted = {"kinds": ["reminder"], "digest": ["card", "outcome"], "weekends": True}
    [after] = rita.put("/v1/me/subscriptions/mail", json=wanted).json()
    assert set(after["digest"]) == {"card", "outcome"} and after["kinds"] == ["reminder"]
    for refused in ({"kinds": [], "digest": ["reminder"]}, {"kinds": ["digest"]}, {"kinds": ["nonsense"]}):
        assert rita.put("/v1/me/subscriptions/mail", json=refused).status_code == 422
    assert rita.get("/v1/me/subscriptions").json() == [after]
