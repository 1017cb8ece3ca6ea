"""How far a long run is."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress as Bars
from rich.progress import TaskID

from models.predict.base import Progress


@contextmanager
def telling(console: Console) -> Iterator[Progress]:
    """Bars on a terminal, a line a step elsewhere."""
    tasks: dict[str, TaskID] = {}
    with Bars(console=console, disable=not console.is_terminal) as bars:

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
                if not console.is_terminal:
                    console.print(what, markup=False)
            bars.update(tasks[what], completed=done, total=total)

        yield tell
