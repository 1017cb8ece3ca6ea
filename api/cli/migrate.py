"""`chargehand migrate`."""

from api.cli.console import AsJson, console, ending, print_json, settings


def migrate(as_json: AsJson = False) -> None:
    """Bring the database up to date: safe to run any number of times, by any number of processes."""
    from api.database import place, set_up, shown

    with ending():
        found = settings()
        where = place(found)
        applied = set_up(found, where)
    if as_json:
        print_json({"database": shown(where.admin), "applied": applied})
    else:
        console.print(f"{shown(where.admin)}: {', '.join(applied) or 'nothing to do'}")
