"""The first administrator: everybody else gets in by somebody who is in already."""

from models.access import Principal
from models.city_zone import zone_of_city
from models.errors import ChargehandError
from store.db import Database

PERSON_ID = "admin"  # of an administrator whom the firm's records do not know yet


class HasAdministrator(ChargehandError):
    """There is an administrator already. They make others: by roles.csv, by `chargehand people import`, or by
    a group of the identity provider."""

    status = 409
    retry = "never"


class NameNeeded(ChargehandError):
    """Nobody on record has the address {email}: give a name too, and they are added."""

    status = 422
    retry = "with a fix"


def first_administrator(db: Database, by: Principal, *, email: str, name: str, office: str) -> str:
    """Make the person of an address administrator of the firm, and add them where nobody has it; their id.

    Two at once take turns. Role: steward. Raises HasAdministrator, NameNeeded."""
    with db.tx(by, "steward") as tx:
        tx.execute("importer.take_turn")
        if tx.value("people.administrators"):
            raise HasAdministrator
        person_id: str | None = tx.value("identities.account_of_address", email=email)
        if person_id is None:
            if not name.strip():
                raise NameNeeded(email=email)
            person_id = PERSON_ID
            tx.execute("people.add_office", office=office, timezone=zone_of_city(office))
            tx.execute(
                "people.add",
                person_id=person_id,
                name=name.strip(),
                email=email,
                title="Administrator",
                practice="Operations",
                office=office,
                manager_id=None,
            )
        tx.execute("people.add_roles", person_id=person_id, roles=["admin"], kinds=["firm"], ids=[""])
        tx.audit("access.first_administrator", f"person:{person_id}")
    return person_id
