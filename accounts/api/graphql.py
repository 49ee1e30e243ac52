"""The address of Canvas's GraphQL: the apps ask for a few things there, and a screen of theirs fails over an error."""

from __future__ import annotations

from typing import Any

from accounts.api.endpoints import ApiRequest, in_group
from accounts.api.parameter_types import Text

endpoint = in_group("What the apps ask for")

NAME = Text("operationName", "The name of the query.")
QUERY = Text("query", "The query.")
# Asks which words a school has added to “late” and “missing”. None here, of no course.
GRADE_STATUSES = "CustomGradeStatusesQuery"
NOT_HERE = "There is no GraphQL here. Use the REST API below /api/v1."


@endpoint(NAME, QUERY)
def answer(request: ApiRequest) -> dict[str, Any]:
    """Answer the one query that is known as Canvas does where there is nothing, and any other with an error in JSON.

    As GraphQL does, with 200: whether a query has failed stands in the answer.
    """
    if GRADE_STATUSES in (request.params[NAME] or request.params[QUERY]):
        return {"data": {"course": None}}
    return {"data": None, "errors": [{"message": NOT_HERE}]}
