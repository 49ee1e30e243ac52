"""People and programs that use a site by way of its load balancer, and what they see while something happens to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from threading import Event

import requests

from tests.cluster.machines import SITE, Machine
from tests.database_server import until

# Instead of a status: the connection ended without an answer.
CUT_OFF = 0


def visitor(machine: Machine, token: str = "") -> requests.Session:
    """Somebody who reaches the site by that machine: a browser, or with a token a program."""
    session = requests.Session()
    session.trust_env = False
    session.verify = str(machine.folder.parent / "site.pem")
    session.headers.update({"Host": SITE, "Referer": f"https://{SITE}/"})
    if token:
        session.headers["Authorization"] = f"Bearer {token}"
    return session


def address(machine: Machine, path: str = "") -> str:
    return f"https://{machine.at('https')}{path}"


@dataclass
class Seen:
    """What all of them were answered, and what of it was acknowledged."""

    answers: list[tuple[float, int]] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    links: list[tuple[int, int]] = field(default_factory=list)

    def note(self, ask: Callable[[], requests.Response]) -> requests.Response | None:
        """Ask, and note how it went; return the answer if it is a success."""
        try:
            answer = ask()
        except requests.ConnectionError:
            self.answers.append((time.monotonic(), CUT_OFF))
            return None
        self.answers.append((time.monotonic(), answer.status_code))
        return answer if answer.status_code == 200 else None

    def number(self, *statuses: int) -> int:
        return len([None for _at, status in list(self.answers) if status in statuses])

    @property
    def statuses(self) -> set[int]:
        return {status for _at, status in self.answers}

    def longest_gap(self) -> float:
        """How many seconds passed at most without a success for anybody."""
        moments = sorted(at for at, status in self.answers if status == 200)
        return max(later - before for before, later in pairwise(moments))

    def wait_for(self, more: int) -> None:
        """Wait until so many more have succeeded."""
        enough = self.number(200) + more
        until(lambda: self.number(200) >= enough, seconds=240)


Doing = Callable[[Seen], None]


@contextmanager
def meanwhile(*doing: Doing) -> Iterator[Seen]:
    """Have each of these done again and again, each by somebody of its own, as long as the block lasts."""
    seen, over = Seen(), Event()

    def again_and_again(do: Doing) -> None:
        while not over.is_set():
            do(seen)

    with ThreadPoolExecutor(len(doing)) as people:
        going = [people.submit(again_and_again, do) for do in doing]
        try:
            yield seen
        finally:
            over.set()
    for each in going:
        each.result()
