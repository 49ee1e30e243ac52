"""Run a command on a database server of its own, for once.

`python -m embedded_postgres.throwaway [--durable] -- COMMAND [ARGUMENT ...]` gives the command a DATABASE_URL. One that
is set already stays, and nothing is started.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from embedded_postgres.processes import end_if_asked, end_in_good_order_on_signals
from embedded_postgres.server import DATABASE, running, url


def main(
    arguments: list[str],
    *,
    database: str = DATABASE,
    environment: Callable[[str], Mapping[str, str]] = lambda folder: {},
) -> int:
    """Run what stands behind `--` in the arguments; return its exit status.

    `environment` gets the server's folder, and gives what to set for the command where the caller has set nothing.
    """
    if "--" not in arguments or arguments[-1] == "--":
        raise SystemExit("usage: python -m MODULE [--durable] -- COMMAND [ARGUMENT ...]")
    options, command = arguments[: arguments.index("--")], arguments[arguments.index("--") + 1 :]
    if "DATABASE_URL" in os.environ:
        os.execvp(command[0], command)  # noqa: S606
    end_in_good_order_on_signals()
    with tempfile.TemporaryDirectory(prefix="embedded-postgres-") as folder:
        data_dir = Path(folder)
        with running(data_dir, database=database, durable="--durable" in options):
            own = {"DATABASE_URL": url(data_dir, database=database)}
            return _run(command, {**environment(folder), **os.environ, **own})


def _run(command: list[str], environment: Mapping[str, str]) -> int:
    with subprocess.Popen(command, env=environment) as child:
        try:
            end_if_asked()
            code = child.wait()
        except BaseException:
            child.terminate()
            raise
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
