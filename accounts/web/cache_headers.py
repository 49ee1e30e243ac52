"""What a browser may keep. All pages are kept out of caches, for children's names stand in them; these are public."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from django.http import HttpRequest, HttpResponse

Request = TypeVar("Request", bound=HttpRequest)
Rest = ParamSpec("Rest")

# It may be kept, and is asked for again each time: by its ETag, to which the answer is 304 if nothing has changed.
ASK_AGAIN = "no-cache"


def same_for_strangers(
    view: Callable[Concatenate[Request, Rest], HttpResponse],
) -> Callable[Concatenate[Request, Rest], HttpResponse]:
    """Make a view whose page is public be sent only once to whoever has not signed in, as long as it stays the same."""

    @wraps(view)
    def shown(request: Request, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponse:
        answer = view(request, *args, **kwargs)
        if not request.user.is_authenticated:
            answer.headers["Cache-Control"] = ASK_AGAIN
        return answer

    return shown
