"""Downloads: whole, or not at all.

A file that is sent while it is made looks whole to whoever gets it, even where making it failed half way. So all of it
is made first, and then sent with its length; what fails meanwhile is an error like any other.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable

from django.db import DEFAULT_DB_ALIAS, transaction
from django.http import FileResponse, HttpResponse
from django.utils.http import content_disposition_header

CSV = "text/csv; charset=utf-8"
IN_MEMORY = 1 << 20


def send_csv(make: Callable[[], Iterable[str]], name: str, *, database: str = DEFAULT_DB_ALIAS) -> FileResponse:
    """Take all pieces of the file that `make` yields, in one transaction; return the answer that sends them.

    Where `make` reads from a replica, `database` is its name, and there is one transaction there, too. Raises what
    `make` and its pieces raise; then nothing that they recorded is kept.
    """
    file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 the answer closes it
    try:
        with transaction.atomic(), transaction.atomic(using=database, savepoint=False):
            for piece in make():
                file.write(piece.encode())
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return FileResponse(file, as_attachment=True, filename=name, content_type=CSV)


def send_secret_csv(pieces: Iterable[str], name: str) -> HttpResponse:
    """Return the same of pieces that must be written to no disk, and are few enough for memory."""
    headers = {"Content-Disposition": content_disposition_header(True, name) or ""}
    content = "".join(pieces).encode()
    return HttpResponse(content, content_type=CSV, headers={**headers, "Content-Length": str(len(content))})
