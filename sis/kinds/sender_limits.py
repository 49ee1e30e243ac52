"""What a sender may not do by a file, as they may not by hand; the command line may do all of it.

Rosters are what importing is for: people, courses, links and enrollments of others. Not for gaining rights by it: rows
are refused that would change the account of somebody whose rights reach further, give or take admin roles beyond the
sender's own, make the sender an observer or one of a course's staff, change their SIS id, or move accounts and courses
from or to where they manage nothing.
"""

from collections.abc import Iterable

from accounts.domain.admins import Held, not_to_give
from accounts.models import Account
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import may_on_account, permissions_on
from courses.access.accounts import WITH_RIGHTS, further_by_admin_roles, who_reach_further
from courses.access.enrollment_actions import Entry, not_to_enter
from sis.kinds.chunks import Round

OWN_IDS, OWN_LINKS = Permission.MANAGE_SIS, Permission.MANAGE_USER_OBSERVERS

# Who may hold any rights, and whether the row changes how they sign in, or as whom: most rows are about people who hold
# none, and whose rights reach further is asked of the few that are left.
PEOPLE = """
SELECT given.found, bool_or({account}) FROM looked_up AS given
WHERE given.problem IS NULL AND given.found <> %(by)s AND ({where}) AND (
    EXISTS (SELECT FROM accounts_accountadmin AS admin
            WHERE admin.user_id = given.found AND admin.workflow_state = 'active')
    OR EXISTS (SELECT FROM courses_enrollment AS enrollment
               WHERE enrollment.user_id = given.found AND enrollment.state IN ('active', 'inactive')
                 AND enrollment.type = ANY(%(types)s)))
GROUP BY given.found
"""
REFUSE_PEOPLE = """
UPDATE looked_up AS given SET problem = 'reaches_further'
WHERE given.found = ANY(%(people)s) AND given.problem IS NULL AND ({0})
"""

WANTED = "SELECT DISTINCT role, account FROM looked_up WHERE problem IS NULL"
REFUSE_ROLES = """
UPDATE looked_up AS given SET problem = 'role_reaches_further'
FROM unnest(%(roles)s::bigint[], %(accounts)s::bigint[]) AS refused(role, account)
WHERE given.role = refused.role AND given.account = refused.account AND given.problem IS NULL
"""

# What moves a section moves everybody in it: of them the sender, who could not enroll themselves where it goes.
OWN_ENROLLMENTS = """
SELECT given.n, {course}, enrollment.role_id, enrollment.type, enrollment.associated_user_id IS NOT NULL
FROM looked_up AS given
JOIN courses_enrollment AS enrollment ON enrollment.section_id = {section} AND enrollment.user_id = ANY(%(sender)s)
WHERE given.problem IS NULL AND {where}
  AND enrollment.type <> %(student)s AND enrollment.state NOT IN ('deleted', 'rejected')
"""


def refuse_people_out_of_reach(this: Round, *, where: str = "true", account: str = "true") -> None:
    """Refuse the rows about people whose rights reach further, where the condition `where` on `given` holds.

    Of those who have such rights in courses only, just the rows for which `account` holds: that change more than a
    name. One statement if nobody named has any rights.
    """
    if (by := this.run.by) is None:
        return
    sql = PEOPLE.format(where=where, account=account)
    if found := this.execute(sql, types=list(WITH_RIGHTS)):
        beyond = further_by_admin_roles([person for person, _account in found], by=by)
        beyond |= who_reach_further([person for person, changes in found if changes and person not in beyond], by=by)
        if beyond:
            this.execute(REFUSE_PEOPLE.format(where), people=[*beyond])


def refuse_roles_out_of_reach(this: Round) -> None:
    """Refuse the rows that give or take a role, on an account, which the sender may not by hand."""
    if by := this.run.by:
        wanted: list[Held] = this.execute(WANTED)
        if refused := not_to_give(wanted, by=by):
            roles, accounts = zip(*refused, strict=True)
            this.execute(REFUSE_ROLES, roles=[*roles], accounts=[*accounts])


def refuse_own(this: Round, problem: str, condition: str, *, unless: Permission) -> None:
    """Refuse the rows for which `condition` on `given` holds, with the sender in it, unless they may do so by hand.

    `unless` is the permission it takes on the root account. One statement where no row is about the sender.
    """
    by = this.run.by
    where = f"WHERE given.problem IS NULL AND {condition}"
    if by is None or not this.execute(f"SELECT 1 FROM looked_up AS given {where} LIMIT 1"):
        return
    if not may_on_account(by, unless, Account.objects.root()):
        this.execute(f"UPDATE looked_up AS given SET problem = '{problem}' {where}")


def refuse_own_enrollments(this: Round, sql: str) -> None:
    """Refuse the rows that enroll the sender where they could not enroll themselves by hand.

    `sql` gives of such rows: number, course, role, base type, and whether it is to observe a student.
    """
    by = this.run.by
    if by and (rows := this.execute(sql, student="StudentEnrollment")):
        entries = [(n, Entry(*entry)) for n, *entry in rows]
        refused = not_to_enter({entry for _n, entry in entries}, by=by)
        _refuse(this, "own_enrollment", (n for n, entry in entries if entry in refused))


def refuse_own_moves(this: Round, section: str, course: str, where: str) -> None:
    """Refuse the rows that take a section to another course, and the sender with it, as above.

    `section`, `course` and `where` are columns of `given` and a condition on it.
    """
    refuse_own_enrollments(this, OWN_ENROLLMENTS.format(section=section, course=course, where=where))


def refuse_moves(this: Round, sql: str, permission: Permission) -> None:
    """Refuse the rows that move something from or to an account where the sender lacks the `permission`.

    `sql` gives of such rows: number, and the account moved or moved from, and the one moved to.
    """
    by = this.run.by
    if by and (rows := this.execute(sql)):
        accounts = {pk for _n, *pks in rows for pk in pks}
        held = permissions_on(by, Account.objects.filter(pk__in=accounts))
        _refuse(this, "moves_too_far", (n for n, *pks in rows if any(permission not in held[pk] for pk in pks)))


def _refuse(this: Round, problem: str, numbers: Iterable[int]) -> None:
    if ns := list(numbers):
        this.execute("UPDATE looked_up SET problem = %(problem)s WHERE n = ANY(%(ns)s)", problem=problem, ns=ns)
