"""PgBouncer in transaction mode, for real, in front of a database server of a test's own."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg

from embedded_postgres.server import connection
from tests.database_server import Server, until
from tests.nodes import free_port

PROGRAM = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
CONFIGURATION = """
[databases]
* = host={host} port={port} user={user}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 4
logfile = {folder}/log
"""


@contextmanager
def pooled(server: Server, database: str) -> Iterator[str]:
    """Give the DATABASE_URL of a database by way of a pooler, as long as the block lasts."""
    to, listen = connection(server.data_dir), free_port()
    # It refuses to run as root, and whoever may reach the server's socket is its owner.
    owner = pwd.getpwuid(Path(to["HOST"]).stat().st_uid)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for above in (folder, server.data_dir, server.data_dir.parent):
            above.chmod(0o711)
        if os.geteuid() == 0:
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        file = folder / "pgbouncer.ini"
        file.write_text(
            CONFIGURATION.format(host=to["HOST"], port=to["PORT"], user=to["USER"], listen=listen, folder=folder)
        )
        file.chmod(0o644)
        assert PROGRAM, "these tests need PgBouncer: apt-get install pgbouncer"
        as_owner: dict[str, Any] = {}
        if os.geteuid() == 0:
            as_owner = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        url = f"postgres://{to['USER']}@127.0.0.1:{listen}/{database}"
        with subprocess.Popen([PROGRAM, "-q", str(file)], cwd="/", stderr=subprocess.DEVNULL, **as_owner) as process:
            try:
                until(lambda: answers(url))
                yield url
            finally:
                process.terminate()


def answers(url: str) -> bool:
    with suppress(psycopg.OperationalError), psycopg.connect(url) as conn:
        return conn.execute("SELECT 1").fetchone() == (1,)
    return False
