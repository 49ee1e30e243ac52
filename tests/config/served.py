"""A small application behind the gateway, for tests to serve: it says what reached it."""

import json
from collections.abc import Iterator
from itertools import chain

from config.gateway import Gateway, Pace

LARGE = 3_000_000


def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/refuse":
        start_response("401 Unauthorized", [("Content-Length", "2")])
        return [b"no"]
    length = len(environ["wsgi.input"].read())
    headers = {name: value for name, value in environ.items() if name.startswith(("HTTP_", "CONTENT_"))}
    start_response("200 OK", [("Content-Type", "application/json")])
    if path == "/large":
        return (b"x" * 1000 for _each in range(LARGE // 1000))
    if path == "/breaks":
        return chain([b"x" * LARGE], breaking())
    return [json.dumps({"length": length, "path": path, **headers}).encode()]


def breaking() -> Iterator[bytes]:
    raise RuntimeError("half way")
    yield b""


FOR_EVER = Pace(grace=600, rate=0.001)
patient = Gateway(application, 2, forms=FOR_EVER, uploads=FOR_EVER)
impatient = Gateway(application, 2, forms=Pace(grace=0.2, rate=1e6), uploads=Pace(grace=0.2, rate=1e9))
