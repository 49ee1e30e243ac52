"""How staged rows are numbered: each file has room of its own, with what no file has in the second half of it."""

STAGED = "sis_staged"
# Each file has room for so many numbers. Rows that stand in no row of it come in the second half: first what reading it
# has added, then what comparing it has (sis/imports/diff.py).
ROOM = 10**11
ADDED = ROOM // 2
GONE = ADDED + ROOM // 4
# SQL: whether a row is such.
WAS_ADDED = f"n %% {ROOM} > {ADDED}"
