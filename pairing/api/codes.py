"""Create pairing codes."""

from datetime import datetime
from typing import TypedDict

from accounts.api.endpoints import ApiRequest, in_group
from accounts.api.lookups import person
from accounts.errors import NotAllowed
from courses.api.lookups import hide_existence
from pairing.domain.codes import issue
from pairing.domain.eligibility import Refusal, Why, right_for
from pairing.errors import PairingIsOff


class CodeBody(TypedDict):
    """A pairing code, which is shown this once."""

    user_id: int
    code: str
    expires_at: datetime
    workflow_state: str


@in_group("Pairing")()
def create(request: ApiRequest, user_id: str) -> CodeBody:
    """Create a pairing code for a student; of more than five open ones the oldest ends."""
    student = person(request, user_id)
    right = right_for(student, by=request.user)
    if isinstance(right, Refusal):
        with hide_existence(request, student, user_id):
            raise PairingIsOff if right.why is Why.SELF_REGISTRATION_IS_OFF else NotAllowed
    code = issue(student, by=request.user, course=right.course, account=right.account, binds=right.binds)
    return {
        "user_id": student.pk,
        "code": code.text,
        "expires_at": code.expires_at,
        "workflow_state": "active",
    }
