"""Making pairing codes."""

from accounts.api.endpoints import Body, Call
from accounts.api.finding import person
from accounts.errors import NotAllowed
from courses.api.finding import secretly
from pairing.errors import PairingIsOff
from pairing.gates import Refusal, Why, right_for
from pairing.issuing import issue


def create(call: Call, user_id: str) -> Body:
    """POST users/:id/observer_pairing_codes"""
    student = person(call, user_id)
    right = right_for(student, by=call.user)
    if isinstance(right, Refusal):
        with secretly(call, student, user_id):
            raise PairingIsOff if right.why is Why.SELF_REGISTRATION_IS_OFF else NotAllowed
    code = issue(student, by=call.user, course=right.course, account=right.account, binds=right.binds)
    return {
        "user_id": student.pk,
        "code": code.text,
        "expires_at": code.expires_at,
        "workflow_state": "active",
    }
