"""The embedded server: started once whatever races, up again whatever was killed, closed to others."""

import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from store import cluster, postmaster, server, server_user
from store.cluster import ClusterNotCreated, ClusterOfAnotherVersion, ServerNotReady, ServerNotStarted
from store.postmaster import Postmaster, processes
from store.server import Server
from store.server_user import ServerDirectoryNotOurs

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="root alone can become another user")
NOBODY = pwd.getpwnam("nobody")


@pytest.fixture
def home() -> Iterator[Path]:
    """A directory of short path, outside pytest's own, whose mode every pytest session sets back to 0700."""
    with tempfile.TemporaryDirectory(prefix="chargehand-server-", ignore_cleanup_errors=True) as name:
        yield Path(name).resolve()
        for data in Path(name).rglob("data"):
            server.stop(data.parent)


@pytest.fixture(scope="module")
def shared() -> Iterator[Path]:
    """A root that the tests of this module use one after the other, each from whatever state it is in."""
    with tempfile.TemporaryDirectory(prefix="chargehand-server-", ignore_cleanup_errors=True) as name:
        root = Path(name).resolve()
        yield root
        server.stop(root)


def launch(root: Path) -> Server:
    return server.start(root, durable=False)


def value(running: Server, query: str, user: str = "postgres") -> object:
    with psycopg.connect(running.dsn("postgres", user), autocommit=True) as connection:
        row = connection.execute(query).fetchone()
        assert row
        return row[0]


def leader(root: Path) -> psutil.Process:
    """The live server process under a root."""
    found = Postmaster.of(root / "data")
    assert found
    return found.process


def kill(process: psutil.Process) -> None:
    process.kill()
    assert postmaster.within(5, lambda: not process.is_running() or process.status() == "zombie")


def python(code: str, *arguments: object, prefix: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    """Another process of ours that runs `code` with `server`, `Path` and `sys` at hand."""
    code = f"import os, sys\nfrom pathlib import Path\nfrom store import server\n{code}"
    command = [*prefix, sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def as_user(account: pwd.struct_passwd, act: Callable[[], object]) -> str:
    """Do something in a forked process that has become another user; what it returned or raised, in words."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(account.pw_gid)
            os.setuid(account.pw_uid)
            said = repr(act())
        except BaseException as error:
            said = f"{type(error).__name__}: {error}"
        os.write(write, said.encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said


def test_cold_start_then_attach_then_stop(home: Path) -> None:
    first = server.start(home / "pg")
    again = server.start(home / "pg")
    assert (first.started, again.started) == (True, False)
    assert (first.socket, first.port, first.data) == (again.socket, again.port, again.data)
    shown = {name: value(again, f"show {name}") for name in ("fsync", "full_page_writes", "wal_compression")}
    assert shown == {"fsync": "on", "full_page_writes": "on", "wal_compression": "pglz"}
    assert value(again, "show shared_buffers") == "256MB"
    assert value(again, "show max_connections") == "200"
    assert value(again, "show timezone") == "UTC"
    assert value(again, "show listen_addresses") == "", "the unix socket is the only way in"
    for private in (first.data, first.socket):
        assert stat.S_IMODE(private.stat().st_mode) == 0o700
    server.stop(home / "pg")
    assert not server.is_running(home / "pg")
    assert not processes(first.data)
    server.stop(home / "pg")  # twice is no error


def test_the_extensions_we_need_are_there_and_know_letters(shared: Path) -> None:
    running = launch(shared)
    for extension in ("vector", "pg_trgm", "btree_gist", "unaccent"):
        with psycopg.connect(running.dsn("postgres", "postgres")) as connection:
            connection.execute(f"create extension if not exists {extension}")
    assert value(running, "select 'ler' = any(show_trgm('Müller')) and not '  l' = any(show_trgm('Müller'))")


def test_tests_may_give_up_durability(shared: Path) -> None:
    server.stop(shared)
    running = launch(shared)
    shown = [value(running, f"show {name}") for name in ("fsync", "synchronous_commit", "full_page_writes")]
    assert shown == ["off", "off", "off"]


def test_each_role_logs_in_over_the_socket(shared: Path) -> None:
    running = launch(shared)
    with psycopg.connect(running.dsn("postgres", "postgres")) as connection:
        connection.execute("create role somebody login")
    assert value(running, "select current_user::text", user="somebody") == "somebody"


def test_server_outlives_the_kill_of_the_process_that_started_it(shared: Path) -> None:
    server.stop(shared)
    code = (
        "print(server.start(Path(sys.argv[1]), durable=False).started, flush=True); os.kill(os.getpid(), 9)"
    )
    owner = python(code, shared)
    said, _ = owner.communicate(timeout=60)
    assert (owner.returncode, said.strip()) == (-signal.SIGKILL, "True")
    attached = launch(shared)
    assert not attached.started
    assert value(attached, "select 1") == 1


def test_committed_rows_survive_the_kill_of_the_server(shared: Path) -> None:
    server.stop(shared)
    running = server.start(shared, durable=True)
    with psycopg.connect(running.dsn("postgres", "postgres")) as connection:
        connection.execute("create table kept (n int)")
        connection.execute("insert into kept values (42)")
    kill(leader(shared))
    assert not server.is_running(shared)
    again = launch(shared)
    assert again.started
    assert value(again, "select n from kept") == 42


def test_orphaned_backend_of_a_killed_server_is_ended(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backend deep in a computation does not notice that its postmaster died."""
    monkeypatch.setattr(cluster, "ORPHAN_SECONDS", 0.5)
    running = launch(shared)
    busy = psycopg.connect(running.dsn("postgres", "postgres"), autocommit=True)
    backend = psutil.Process(busy.info.backend_pid)
    busy.pgconn.send_query(b"select sum(hashtext(n::text)) from generate_series(1, 1000000000) n")
    time.sleep(0.3)
    kill(leader(shared))
    assert backend in processes(running.data), "still computing, with nobody above it"
    again = launch(shared)
    assert again.started
    assert not backend.is_running() or backend.status() == psutil.STATUS_ZOMBIE
    assert value(again, "select 1") == 1
    busy.close()


@pytest.fixture
def bystander(shared: Path) -> Iterator[int]:
    """The pid of another program of the server's own user, which PostgreSQL alone would take for a server."""
    account = server_user.account_for(shared / "data")
    program = subprocess.Popen(["sleep", "60"], user=account.pw_uid if account else None)
    yield program.pid
    program.kill()
    program.wait()


@pytest.fixture
def zombie() -> Iterator[int]:
    """The pid of a program that has ended and was not waited for."""
    program = subprocess.Popen(["true"])
    assert postmaster.within(5, lambda: psutil.Process(program.pid).status() == psutil.STATUS_ZOMBIE)
    yield program.pid
    program.wait()


@pytest.fixture
def nothing_living() -> int:
    """A pid that no process has."""
    with subprocess.Popen(["true"]) as program:
        pass
    return program.pid


@pytest.mark.parametrize(
    ("whose", "reason"),
    [
        ("bystander", "pids are reused, soonest in containers"),
        ("zombie", "it has a pid, and serves nobody"),
        ("nothing_living", "the usual trace of a crash"),
    ],
)
def test_stale_pid_file_and_socket_do_not_stop_a_start(
    shared: Path, whose: str, reason: str, request: pytest.FixtureRequest
) -> None:
    running = launch(shared)
    pid_file, lock_file = running.data / "postmaster.pid", running.socket / ".s.PGSQL.5432.lock"
    left = {path: path.read_text() for path in (pid_file, lock_file)}
    pid = str(leader(shared).pid)
    kill(leader(shared))
    assert lock_file.with_suffix("").is_socket(), "the killed server left its socket behind"
    stale = str(request.getfixturevalue(whose))
    for path, text in left.items():
        path.write_text(text.replace(pid, stale, 1))
    assert not server.is_running(shared), reason
    again = launch(shared)
    assert again.started, reason
    assert value(again, "select 1") == 1
    if whose == "bystander":
        assert psutil.pid_exists(int(stale)), "it is none of ours to end"


@pytest.mark.parametrize("text", ["", "not a pid\n", "\0\0\0\0"], ids=["empty", "garbage", "zeroes"])
def test_unreadable_pid_file_does_not_stop_a_start(shared: Path, text: str) -> None:
    """As a full disk or a power cut leaves it."""
    running = launch(shared)
    kill(leader(shared))
    (running.data / "postmaster.pid").write_text(text)
    assert launch(shared).started


def test_server_whose_socket_was_deleted_is_restarted(shared: Path) -> None:
    """As cleaners of temporary directories do."""
    running = launch(shared)
    before = leader(shared)
    (running.socket / ".s.PGSQL.5432").unlink()
    again = launch(shared)
    assert again.started
    assert leader(shared) != before
    assert value(again, "select 1") == 1


def test_parallel_cold_starts_agree_on_one_server(home: Path) -> None:
    code = (
        "s = server.start(Path(sys.argv[1]), durable=False)\n"
        "import psycopg; connection = psycopg.connect(s.dsn('postgres', 'postgres'))\n"
        "print(s.started, connection.execute('select 1').fetchone()[0])"
    )
    starters = [python(code, home / "pg") for _ in range(3)]
    said = sorted(starter.communicate(timeout=120)[0].strip() for starter in starters)
    assert said == ["False 1", "False 1", "True 1"]


def test_start_after_a_start_killed_within_initdb(home: Path) -> None:
    root = home / "pg"
    starter = python("server.start(Path(sys.argv[1]), durable=False)", root)
    assert postmaster.within(60, lambda: any(root.glob("data.partial-*/PG_VERSION")))
    starter.kill()
    starter.communicate()
    assert not (root / "data").exists(), "a half-made cluster must not look like a whole one"
    running = launch(root)
    assert running.started
    assert value(running, "select count(*) > 0 from pg_proc")


def test_path_too_long_for_a_socket_and_hostile_to_a_shell(home: Path) -> None:
    root = home / 'it\'s a $(touch broken) "dir", ünd' / ("long" * 25)
    running = launch(root)
    assert value(running, "select 1") == 1
    assert root not in running.socket.parents
    assert stat.S_IMODE(running.socket.stat().st_mode) == 0o700
    server.stop(root)
    assert not running.socket.exists(), "nothing of ours stays in the temporary directory"

    running.socket.symlink_to(home)  # somebody else is there first
    try:
        with pytest.raises(ServerDirectoryNotOurs):
            launch(root)
    finally:
        running.socket.unlink()


def test_running_stops_only_what_it_started(shared: Path) -> None:
    server.stop(shared)
    with server.running(shared, durable=False) as outer:
        assert outer.started
        with server.running(shared, durable=False) as inner:
            assert not inner.started
        assert server.is_running(shared)
    assert not server.is_running(shared)


def test_tcp_port_asks_for_a_password(shared: Path) -> None:
    server.stop(shared)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = server.start(shared, tcp_port=port, durable=False)
    with psycopg.connect(running.dsn("postgres", "postgres")) as connection:
        connection.execute("create role reporter login password 'a reporter''s'")
    local = f"host=127.0.0.1 port={port} dbname=postgres"
    with psycopg.connect(local, user="reporter", password="a reporter's") as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    for user, password in (("reporter", "wrong"), ("postgres", ""), ("postgres", "postgres")):
        with pytest.raises(psycopg.OperationalError, match=r"password|fe_sendauth"):
            psycopg.connect(local, user=user, password=password)

    assert not server.start(shared, tcp_port=port).started
    with pytest.raises(server.ServerListensElsewhere):
        server.start(shared, tcp_port=port + 1)
    server.stop(shared)


def test_log_tells_why_a_server_does_not_start(shared: Path) -> None:
    server.stop(shared)
    auto = shared / "data" / "postgresql.auto.conf"
    kept = auto.read_text()
    auto.write_text(kept + "max_connections = plenty\n")
    with pytest.raises(ServerNotStarted, match="max_connections") as raised:
        launch(shared)
    auto.write_text(kept)
    assert raised.value.retry == "with a fix"
    assert launch(shared).started


def test_server_that_takes_too_long_is_worth_another_try(
    shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = launch(shared)
    pid_file = running.data / "postmaster.pid"
    kept = pid_file.read_text()
    pid_file.write_text(kept.replace("ready   ", "starting"))
    with (
        monkeypatch.context() as patch,
        pytest.raises(ServerNotReady, match=r"0 s.*ready to accept") as raised,
    ):
        patch.setattr(cluster, "START_SECONDS", 0.2)
        launch(shared)
    assert (raised.value.status, raised.value.retry) == (503, "later")
    pid_file.write_text(kept)
    assert not launch(shared).started


def test_cluster_of_another_major_version_is_left_alone(shared: Path) -> None:
    server.stop(shared)
    version = shared / "data" / "PG_VERSION"
    kept = version.read_text()
    version.write_text("15\n")
    with pytest.raises(ClusterOfAnotherVersion, match=r"PostgreSQL 15, .* version 18: dump"):
        launch(shared)
    version.write_text(kept)
    assert launch(shared).started


def test_other_files_in_the_cluster_place_are_left_alone(home: Path) -> None:
    (home / "data").mkdir()
    (home / "data" / "accounts.csv").write_text("id\n")
    with pytest.raises(ClusterNotCreated, match="Directory not empty"):
        launch(home)
    assert [path.name for path in (home / "data").iterdir()] == ["accounts.csv"]
    assert not list(home.glob("data.partial-*"))


def test_initdb_that_cannot_write_is_told_in_its_words(home: Path) -> None:
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n"
        "server.start(Path(sys.argv[1]), durable=False)"
    )
    _, error = python(code, home / "pg").communicate(timeout=60)
    assert "ClusterNotCreated" in error
    assert "removing contents of data directory" in error or "child process" in error
    assert not list((home / "pg").glob("data*")), "nothing half-made is left"


def test_platform_without_binaries_is_pointed_to_database_url(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "find_spec", lambda _: None)
    with pytest.raises(cluster.ServerBinariesMissing, match="DATABASE_URL"):
        launch(home)


@as_root
def test_root_runs_the_server_as_the_system_user(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    root = home / "closed" / "open" / "pg"
    root.mkdir(parents=True)
    (home / "closed").chmod(0o750)
    (home / "closed" / "open").chmod(0o755)
    launch(root)
    assert leader(root).username() == server_user.SYSTEM_USER
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (home / "closed", home / "closed" / "open")]
    assert modes == [0o751, 0o755], "opened for passing where it was closed, and no further"
    warned = [record.args[0] for record in caplog.records if "passing through" in record.getMessage()]
    assert home / "closed" in warned
    assert home / "closed" / "open" not in warned


@as_root
def test_root_without_ptrace_finds_the_server(shared: Path) -> None:
    """Root of a container may not look into other users' processes; taking a live server for dead there
    would put a second one on the same data."""
    if not shutil.which("setpriv"):
        pytest.skip("no setpriv to drop the capability with")
    launch(shared)
    before = leader(shared)
    code = (
        "import psutil; found = server.Postmaster.of(Path(sys.argv[1]) / 'data')\n"
        "try: print('looked into', found.process.cwd())\n"
        "except psutil.AccessDenied: print('denied', server.start(Path(sys.argv[1])).started)"
    )
    less = ("setpriv", "--bounding-set", "-sys_ptrace", "--inh-caps", "-sys_ptrace")
    said, error = python(code, shared, prefix=less).communicate(timeout=60)
    assert said.strip() == "denied False", error
    assert leader(shared) == before


@as_root
def test_ordinary_user_runs_their_own_and_root_joins_as_them(shared: Path, home: Path) -> None:
    launch(shared)  # loads what a process that became nobody may not be able to read
    home.chmod(0o711)
    root = home / "pg"
    root.mkdir()
    os.chown(root, NOBODY.pw_uid, NOBODY.pw_gid)
    assert "started=True" in as_user(NOBODY, lambda: launch(root))
    assert leader(root).username() == "nobody"
    assert not launch(root).started
    server.stop(root)
    assert launch(root).started
    assert leader(root).username() == "nobody", "not the system user, who could not read the data"


@as_root
def test_ordinary_user_is_kept_out_of_another_users_server(shared: Path) -> None:
    running = launch(shared)
    shared.chmod(0o755)
    for act in (lambda: launch(shared), lambda: server.is_running(shared), lambda: server.stop(shared)):
        assert as_user(NOBODY, act).startswith("ServerDirectoryNotOurs")
    assert "Permission denied" in as_user(NOBODY, lambda: value(running, "select 1"))


def test_fresh_databases_are_separate_and_empty(fresh_database: Callable[[], str]) -> None:
    """The fixture all tests of the store stand on."""
    first, second = fresh_database(), fresh_database()
    with psycopg.connect(first) as connection:
        connection.execute("create table only_here ()")
    with psycopg.connect(second) as connection:
        assert connection.execute("select to_regclass('only_here')").fetchone() == (None,)
        assert connection.execute("show fsync").fetchone() == ("off",)
