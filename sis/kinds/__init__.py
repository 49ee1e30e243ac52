"""The kinds of roster files: what there is to know of each stands in one module, beside the file of its SQL.

A new kind takes two files: `sis/kinds/<kind>.py` with a `KIND` (kind.py says what there is to declare), and
`sis/kinds/<kind>.sql` with its statements (sql.py says how they are written). It is found by these. From there it is
recognized, staged, applied, counted, reported, taken back and braked; docs/sis-import.md has to explain it, and the
tests say what it lacks.
"""
