"""A command on a database server of its own, for once: as anybody runs it, and as this site does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parent.parent.parent
MODULES = ["embedded_postgres.throwaway", "config.throwaway_database"]


def as_command(module: str, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return subprocess.run(
        [sys.executable, "-m", module, "--", *command],
        cwd=HOUSE,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("module", MODULES)
def test_the_command_runs_another_on_a_throw_away_database_and_returns_its_status(module: str) -> None:
    ask_and_exit = (
        "import os, psycopg, sys; conn = psycopg.connect(os.environ['DATABASE_URL']);"
        "print(conn.execute('SHOW fsync').fetchone()[0]); sys.exit(7)"
    )
    done = as_command(module, sys.executable, "-c", ask_and_exit)
    assert done.stdout.startswith("off"), done.stderr
    assert done.returncode == 7


@pytest.mark.parametrize("module", MODULES)
def test_the_command_leaves_a_database_that_is_named_alone(module: str) -> None:
    done = as_command(
        module,
        sys.executable,
        "-c",
        "import os; print(os.environ['DATABASE_URL'])",
        DATABASE_URL="postgres://elsewhere/x",
    )
    assert done.stdout == "postgres://elsewhere/x\n"


def test_the_site_runs_there_as_a_demo_without_its_kept_data() -> None:
    show = "import os; print(os.environ['DEMO'], os.environ['DATA_DIR'], os.environ['DATABASE_URL'])"
    without = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "DEMO", "DATA_DIR")}
    command = [sys.executable, "-m", "config.throwaway_database", "--", sys.executable, "-c", show]
    done = subprocess.run(command, cwd=HOUSE, env=without, capture_output=True, text=True, check=True)
    demo, folder, url = done.stdout.split()
    assert demo == "true"
    assert folder.rpartition("/")[2].startswith("embedded-postgres-")
    assert "/observer_pairing?" in url


@pytest.mark.parametrize("arguments", [["true"], ["--durable", "--"], []])
def test_whoever_names_no_command_is_told_how(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "embedded_postgres.throwaway", *arguments]
    done = subprocess.run(command, cwd=HOUSE, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("usage: ")
