"""The table that the rows of a running import go through: SQL for the initial migration.

Unlogged, for it holds nothing that cannot be read from the upload again; empty while nothing runs. `n` counts the
rows of all files in the order in which they are applied; the meaning of c1 … c24 depends on the file's kind
(sis/kinds/kind.py).
"""

WIDTH = 24

SQL = f"""
CREATE UNLOGGED TABLE sis_staged (
    n bigint PRIMARY KEY,
    file integer NOT NULL,
    row bigint,
    again boolean NOT NULL,
    fault text,
    note text,
    secret bytea,
    {", ".join(f"c{number} text" for number in range(1, WIDTH + 1))}
) WITH (autovacuum_enabled = off);
"""

REVERSE = "DROP TABLE sis_staged;"
