"""Error reports that cannot leak: no request, no variables, only where the error happened."""

from typing import Any

from django.views.debug import ExceptionReporter


class BareExceptionReporter(ExceptionReporter):
    """Reports the traceback alone: query strings, forms and variables may hold codes or passwords."""

    def __init__(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(None, *args, **kwargs)

    def get_traceback_frames(self) -> list[dict[str, Any]]:
        frames = super().get_traceback_frames()
        for frame in frames:
            frame["vars"] = []
        return frames
