"""What the caller narrows their inbox to, by name."""

from typing import Annotated

from fastapi import Path, Response, status

from api.auth.callers import Reader, Wired
from api.routes.base import Body, resource
from workflow import filters
from workflow.filters import Narrowed, SavedFilter

router = resource("me", problems=(404, 409, 422))

Name = Annotated[filters.Name, Path(description="What you call it")]


class Kept(Body):
    narrowed: Narrowed
    opens: bool = False  # your inbox opens with it; another one then no longer does


@router.get("/me/filters", summary="The filters of my inbox")
def mine(principal: Reader, app: Wired) -> list[SavedFilter]:
    with app.db.tx(principal, "agent") as tx:
        return filters.mine(tx)


@router.put("/me/filters/{name}", summary="Keep a filter of my inbox under this name")
def save(name: Name, body: Kept, principal: Reader, app: Wired) -> list[SavedFilter]:
    with app.db.tx(principal, "workflow") as tx:
        filters.save(tx, name, body.narrowed, opens=body.opens)
        return filters.mine(tx)


@router.delete("/me/filters/{name}", status_code=status.HTTP_204_NO_CONTENT, summary="Forget a filter")
def forget(name: Name, principal: Reader, app: Wired) -> Response:
    with app.db.tx(principal, "workflow") as tx:
        filters.forget(tx, name)
    return Response(status_code=status.HTTP_204_NO_CONTENT)
