"""`python -m bench.sign_ins [NUMBER]`: how much memory each process of the web server has after a rush of sign-ins.

Many clients at once open the sign-in page, sign in with a real Argon2 password, and open their home page. A process is
asked for what it has used at most (`VmHWM`) and what it keeps afterwards.
"""

from __future__ import annotations

import http.client
import os
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.contrib.auth.hashers import make_password  # noqa: E402 only after setup
from django.core.management import call_command  # noqa: E402

from accounts.models import Account, SelfRegistration, User  # noqa: E402
from bench.load import HOST, server  # noqa: E402

PEOPLE, CLIENTS, SIGN_INS = 40, 64, 2_000
PASSWORD = "a-long-enough-word"  # noqa: S105 nobody's
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def main() -> None:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else SIGN_INS
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    Account.objects.create(name="Bench", self_registration=SelfRegistration.ALL)
    people = [User(name=f"P {n}", login_id=login_of(n), password=make_password(PASSWORD)) for n in range(PEOPLE)]
    for person in people:
        person.save()
    with server() as port, ThreadPoolExecutor(CLIENTS) as clients:
        processes = workers_of(port)
        before = [memory_of(pid)[1] for pid in processes]
        begun = time.perf_counter()
        list(clients.map(lambda n: sign_in(port, login_of(n % PEOPLE)), range(number)))
        seconds = time.perf_counter() - begun
        print(f"{number / seconds * 60:,.0f} sign-ins a minute, with the page before and the home page after it")
        for pid, start in zip(processes, before, strict=True):
            most, now = memory_of(pid)
            print(f"process {pid}: {start} MB before, {most} MB at most, {now} MB afterwards")


def login_of(number: int) -> str:
    return f"person{number}@example.org"


def sign_in(port: int, login: str) -> None:
    """Sign in as a browser does. Anything but a home page stops the measurement."""
    browser = http.client.HTTPConnection(HOST, port, timeout=60)
    cookies: SimpleCookie = SimpleCookie()

    def ask(method: str, path: str, body: str = "") -> tuple[int, str]:
        sent = "; ".join(f"{name}={morsel.value}" for name, morsel in cookies.items())
        browser.request(method, path, body, {"Host": HOST, "Cookie": sent, **(FORM if body else {})})
        answer = browser.getresponse()
        for line in answer.headers.get_all("Set-Cookie") or []:
            cookies.load(line)
        return answer.status, answer.read().decode()

    found = TOKEN.search(ask("GET", "/login/canvas")[1])
    token = found[1] if found else ""
    form = urlencode({"csrfmiddlewaretoken": token, "login": login, "password": PASSWORD})
    statuses = [ask("POST", "/login/canvas", form)[0], ask("GET", "/")[0]]
    if statuses != [302, 200]:
        raise SystemExit(f"Unexpected answers: {statuses}")
    browser.close()


def workers_of(port: int) -> list[int]:
    """The processes that answer on this port: the children of the server, which is ours."""
    (parent,) = (pid for pid in children_of(os.getpid()) if str(port) in Path(f"/proc/{pid}/cmdline").read_text())
    return [pid for pid in children_of(parent) if "resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_text()]


def children_of(pid: int) -> list[int]:
    return [
        int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()
    ]


def memory_of(pid: int) -> tuple[int, int]:
    """What a process has used at most, and what it uses now, in MB."""
    lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    most, now = (int(lines[name].split()[0]) // 1024 for name in ("VmHWM", "VmRSS"))
    return most, now


if __name__ == "__main__":
    sys.exit(main())
