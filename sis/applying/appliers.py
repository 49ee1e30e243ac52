"""Which function applies rows of which kind, in the order of processing."""

from sis.applying.accounts import ACCOUNTS
from sis.applying.admins import ADMINS
from sis.applying.change_sis_id import CHANGE_SIS_IDS
from sis.applying.chunks import Applier
from sis.applying.courses import COURSES
from sis.applying.enrollments import ENROLLMENTS
from sis.applying.logins import LOGINS
from sis.applying.sections import SECTIONS
from sis.applying.terms import TERMS
from sis.applying.user_observers import USER_OBSERVERS
from sis.applying.users import USERS
from sis.applying.xlists import XLISTS

APPLIERS: dict[str, Applier] = {
    applier.kind: applier
    for applier in (
        CHANGE_SIS_IDS,
        ACCOUNTS,
        TERMS,
        COURSES,
        SECTIONS,
        XLISTS,
        USERS,
        LOGINS,
        ENROLLMENTS,
        ADMINS,
        USER_OBSERVERS,
    )
}
