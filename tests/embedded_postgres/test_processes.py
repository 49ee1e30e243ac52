"""Ending in good order when a signal asks for it."""

import subprocess
import sys
from pathlib import Path

HOUSE = Path(__file__).resolve().parent.parent.parent
# The signal comes where Python reports an exception and goes on: in what runs around the start of a child.
LOST = """
import os, signal, subprocess, sys
from embedded_postgres.processes import end_if_asked, end_in_good_order_on_signals, ending_with
end_in_good_order_on_signals(status=7)
os.register_at_fork(after_in_parent=lambda: os.kill(os.getpid(), signal.SIGTERM))
subprocess.Popen([sys.executable, "-c", ""], preexec_fn=ending_with(os.getpid())).wait()
print("went on", flush=True)
end_if_asked()
print("and on", flush=True)
"""


def test_a_signal_that_comes_while_a_child_is_started_ends_us_all_the_same():
    ended = subprocess.run([sys.executable, "-c", LOST], cwd=HOUSE, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (7, "went on\n")
