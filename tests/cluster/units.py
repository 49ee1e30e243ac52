"""The units of systemd in deploy/, and Debian's with what we put beside them, read and run as systemd would.

Only what decides which program runs in which environment; not what locks it in.
"""

from __future__ import annotations

import os
import pwd
import re
import shlex
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embedded_postgres.processes import ending_with

HOUSE = Path(__file__).resolve().parent.parent.parent
OURS = HOUSE / "deploy/systemd"
DEBIANS = Path("/lib/systemd/system")
VARIABLE = re.compile(r"\$\{(\w+)\}|\$(\w+)")


def files_of(unit: str) -> list[Path]:
    """The files that make up a unit, those that come later over those before."""
    main = OURS / unit if (OURS / unit).exists() else DEBIANS / unit
    return [main, *sorted((OURS / f"{unit}.d").glob("*.conf"))]


def read(unit: str) -> dict[str, list[str]]:
    """Every setting of [Service], each with its values; an empty one forgets those before."""
    found: dict[str, list[str]] = defaultdict(list)
    for file in files_of(unit):
        section = ""
        for line in file.read_text().splitlines():
            if line.startswith("["):
                section = line
            elif section == "[Service]" and "=" in line and not line.startswith("#"):
                name, _, value = line.partition("=")
                found[name.strip()] = [*found[name.strip()], value.strip()] if value.strip() else []
    return found


def variables(text: str) -> dict[str, str]:
    """What a file of an environment sets."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


@dataclass
class Unit:
    """A unit on a machine whose folders are elsewhere: `places` gives them, by how their paths begin."""

    name: str
    places: Mapping[str, str]

    def __post_init__(self) -> None:
        self.settings = read(self.name)

    def placed(self, text: str) -> str:
        """A path, or text with paths, as it is on this machine."""
        begins = "|".join(re.escape(begin) for begin in sorted(self.places, key=len, reverse=True))
        return re.sub(rf"(?<![\w/])(?:{begins})(?![\w.-])", lambda found: self.places[found[0]], text)

    def environment(self) -> dict[str, str]:
        """The environment that its programs get: what files set counts more than what the unit sets itself."""
        own = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        for line in self.settings["Environment"]:
            own |= dict(each.split("=", 1) for each in shlex.split(line))
        own = {name: self.placed(value) for name, value in own.items()}
        for name in self.settings["EnvironmentFile"]:
            file = Path(self.placed(name.removeprefix("-")))
            if file.exists() or not name.startswith("-"):
                own |= variables(file.read_text())
        return own

    def commands(self) -> Iterable[list[str]]:
        """What it starts, one after the other."""
        own = self.environment()
        for line in self.settings["ExecStart"]:
            words = shlex.split(self.placed(line))
            for at, word in enumerate(words):
                # One that stands alone and without braces is split at its blanks.
                words[at] = VARIABLE.sub(lambda found: own.get(found[1] or found[2], ""), word)
            yield [part for word, raw in zip(words, shlex.split(line), strict=True) for part in split(word, raw)]

    def start(self, command: list[str], log: Path) -> subprocess.Popen[bytes]:
        """Start one of its commands as the user it names, if we are root and there is that user."""
        as_user: dict[str, Any] = {}
        user = self.settings["User"][-1]
        if os.geteuid() == 0 and is_user(user):
            found = pwd.getpwnam(user)
            as_user = {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}
        folder = self.placed(self.settings["WorkingDirectory"][-1]) if self.settings["WorkingDirectory"] else "/"
        with log.open("ab") as file:
            return subprocess.Popen(
                command,
                **{"cwd": folder, "env": self.environment(), "stdout": file, "stderr": file, **as_user},
                # However these tests may end, it ends too.
                start_new_session=True,
                preexec_fn=ending_with(os.getpid()),
            )


def split(word: str, raw: str) -> list[str]:
    return word.split() if re.fullmatch(r"\$\w+", raw) else [word]


def is_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True
