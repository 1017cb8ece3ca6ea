"""Whose the embedded PostgreSQL is: the user it runs as, and the way that user needs to its files.

PostgreSQL refuses to run as root. Root therefore runs it as the owner of the data, or for new data as the
system user `chargehand_postgres`, which is made if missing. Anybody else runs it as themselves."""

import logging
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from models.errors import ChargehandError, Retry

if sys.platform != "win32":
    import pwd

SYSTEM_USER = "chargehand_postgres"

log = logging.getLogger(__name__)


class ServerUserMissing(ChargehandError):
    """PostgreSQL does not run as root and the system user {user} could not be made ({reason}): make that
    user, or run Chargehand as an ordinary user."""

    retry: ClassVar[Retry] = "with a fix"


class ServerDirectoryNotOurs(ChargehandError):
    """The directory {directory} belongs to another user: run as its owner or as root, or choose another
    directory."""

    retry: ClassVar[Retry] = "with a fix"


def account_for(data: Path) -> "pwd.struct_passwd | None":
    """Whom to become to run a server on `data`; None to stay who we are."""
    try:
        owner = data.stat().st_uid
    except FileNotFoundError:
        owner = None
    except PermissionError as error:
        raise ServerDirectoryNotOurs(directory=str(data)) from error
    if os.geteuid() != 0:
        if owner not in (None, os.geteuid()):
            raise ServerDirectoryNotOurs(directory=str(data))
        return None
    with suppress(KeyError):  # an owner without a name, from another machine's volume
        if owner:
            return pwd.getpwuid(owner)
    return _system_user()


def let_through(path: Path, account: "pwd.struct_passwd") -> None:
    """Let the account pass the directories above `path`: those closed to it get the search bit for others
    (o+x: they can be passed, not listed), and each is named in a warning."""
    for directory in path.parents:
        status = directory.stat()
        shift = 6 if status.st_uid == account.pw_uid else 3 if status.st_gid == account.pw_gid else 0
        if not status.st_mode & (0o1 << shift):
            log.warning("opening %s for passing through (o+x) so that %s can", directory, account.pw_name)
            directory.chmod(status.st_mode & 0o7777 | 0o001)


def _system_user() -> "pwd.struct_passwd":
    reason = ""
    for _ in range(10):  # another process may be making it, or hold the lock on /etc/passwd
        with suppress(KeyError):
            return pwd.getpwnam(SYSTEM_USER)
        command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
        try:
            made = subprocess.run(command, check=False, capture_output=True, text=True)
        except FileNotFoundError as error:
            raise ServerUserMissing(user=SYSTEM_USER, reason="there is no useradd") from error
        if made.returncode:
            reason = made.stderr.strip()
            time.sleep(0.3)
        else:
            log.warning("made the system user %s: PostgreSQL does not run as root", SYSTEM_USER)
    raise ServerUserMissing(user=SYSTEM_USER, reason=reason)
