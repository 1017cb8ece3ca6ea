"""What can go wrong with a system of record, and whether anything was written then."""

from models.actions import System
from models.errors import ChargehandError


class ConnectorError(ChargehandError):
    """A system of record did not do what it was asked."""

    status = 502


class SystemDown(ConnectorError):
    """The {system} is not available: {reason}. Nothing was written."""

    status = 503
    retry = "later"


class SignInRefused(SystemDown):
    """The {system} does not accept Chargehand's token: {reason}. Nothing was written."""


class SlowDown(ConnectorError):
    """The {system} asks to be called again in {retry_after:.1f} s. Nothing was written."""

    status = 503
    retry = "later"

    def __init__(self, *, system: System, retry_after: float) -> None:
        self.retry_after = retry_after  # seconds
        super().__init__(system=system, retry_after=retry_after)


class OutcomeUnknown(ConnectorError):
    """The {system} may or may not have done {operation}: {reason}.

    The request was sent and no answer came. Within the port's `max_write_seconds` the write may still happen:
    wait that long, then `find` it, and only then send it again."""

    status = 504
    retry = "later"


class Refused(ConnectorError):
    """The {system} refused {operation}: {reason}. Sending it again cannot help."""

    status = 422


class FoundTwice(ConnectorError):
    """The {system} holds {operation} {count} times for one approval: {record_ids}. Keep one of them."""

    status = 409
    retry = "with a fix"


class NoSuchRecord(ConnectorError):
    """The {system} has no record {record_id} among its {resource}."""

    status = 404


class UnreadableRecord(ConnectorError):
    """Record {record_id} among the {resource} of the {system} cannot be understood: {reason}"""


class NotItsOperation(ConnectorError):
    """The {system} does not take {operation}."""

    status = 422


class CannotUndo(ConnectorError):
    """The {system} cannot undo {operation}."""

    status = 422


class BodyDoesNotFit(ConnectorError):
    """The body of {operation} is not what the {system} takes: {reason}."""

    status = 422
