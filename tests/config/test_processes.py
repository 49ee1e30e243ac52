"""The processes of the web server: how many, and that they keep no memory that they no longer need."""

import os
import subprocess
import sys

import pytest

from config.processes import MOST, workers

# How much more a process has used at most, and uses in the end, in MB, after threads have hashed passwords at once.
HASHING = """
import threading
from pathlib import Path
from django.conf import settings
settings.configure()
from accounts.hashers import Argon2Hasher
from config.processes import save_memory

def used(name):
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) // 1024

save_memory()
Argon2Hasher().encode("a password", "salt" * 6)
before, start = used("VmRSS"), threading.Barrier(6)

def hash_some():
    start.wait()
    for _each in range(5):
        Argon2Hasher().encode("a password", "salt" * 6)

threads = [threading.Thread(target=hash_some) for _each in range(6)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(used("VmHWM") - before, used("VmRSS") - before)
"""


@pytest.mark.parametrize(("cores", "expected"), [(1, 2), (2, 2), (8, 8), (64, MOST)])
def test_there_is_a_process_for_each_core_within_reason(monkeypatch, cores, expected):
    monkeypatch.delenv("WEB_WORKERS", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: set(range(cores)))
    assert workers() == expected


def test_there_are_as_many_processes_as_one_asks_for(monkeypatch):
    monkeypatch.setenv("WEB_WORKERS", "5")
    assert workers() == 5


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="asks the kernel of Linux")
def test_passwords_take_the_memory_of_one_and_give_it_back():
    done = subprocess.run([sys.executable, "-c", HASHING], capture_output=True, text=True, check=True)
    most, kept = map(int, done.stdout.split())
    assert most < 2 * 19
    assert kept < 19
