"""`python -m config.throwaway_database [--durable] -- CMD ...` runs CMD on a database server of its own, for once."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from config.embedded_postgres import running, url
from config.processes import end_if_asked, end_in_good_order_on_signals


def _run_command(command: list[str], environment: dict[str, str]) -> int:
    with subprocess.Popen(command, env=environment) as child:
        try:
            end_if_asked()
            code = child.wait()
        except BaseException:
            child.terminate()
            raise
    return code if code >= 0 else 128 - code


def main(arguments: list[str]) -> int:
    """Run a command on a throw-away server, or on the database that DATABASE_URL names."""
    options, command = arguments[: arguments.index("--")], arguments[arguments.index("--") + 1 :]
    if "DATABASE_URL" in os.environ:
        os.execvp(command[0], command)  # noqa: S606
    end_in_good_order_on_signals()
    with tempfile.TemporaryDirectory(prefix="observer-pairing-") as folder:
        data_dir = Path(folder)
        # Nothing of production runs on a throw-away database, nor should it touch the kept data folder.
        defaults = {"DEMO": "true", "DATA_DIR": folder}
        with running(data_dir, durable="--durable" in options):
            return _run_command(command, {**defaults, **os.environ, "DATABASE_URL": url(data_dir)})


if __name__ == "__main__":
    if "--" not in sys.argv or sys.argv[-1] == "--":
        raise SystemExit("usage: python -m config.throwaway_database [--durable] -- COMMAND [ARGUMENT ...]")
    sys.exit(main(sys.argv[1:]))
