"""The tables of the accounts app."""

from accounts.models.account import Account, CodeScope, SelfRegistration
from accounts.models.audit import AuditEvent
from accounts.models.event import Action
from accounts.models.event_cursor import EventCursor
from accounts.models.failed_try import FailedTry
from accounts.models.link import ObservationLink
from accounts.models.role import COURSE_BASE_TYPES, AccountAdmin, BaseType, Role, RoleOverride
from accounts.models.sent_form import SentForm
from accounts.models.token import AccessToken
from accounts.models.user import User

__all__ = [
    "COURSE_BASE_TYPES",
    "AccessToken",
    "Account",
    "AccountAdmin",
    "Action",
    "AuditEvent",
    "BaseType",
    "CodeScope",
    "EventCursor",
    "FailedTry",
    "ObservationLink",
    "Role",
    "RoleOverride",
    "SelfRegistration",
    "SentForm",
    "User",
]
