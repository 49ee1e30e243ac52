"""enrollments.csv: who is in which section, as what. Observers follow: courses/domain/observer_enrollments.py."""

from typing import Any

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _

from accounts.domain.locks import lock_users
from accounts.domain.roles import BEGINNINGS, MEANINGS, WORDS
from accounts.models import BaseType, ObservationLink, User
from courses.access.enrollment_actions import Entry, not_to_enter
from courses.access.observation import RULES
from courses.domain.observation_events import foretell, foretell_state, in_state
from courses.domain.observer_enrollments import by_link, follow
from courses.models import Enrollment, Section
from sis.kinds.audit import record_made
from sis.kinds.chunks import Round, insert, own
from sis.kinds.kind import DATES, BatchMode, Brake, Example, Kind, Record
from sis.kinds.sender_limits import refuse_own_enrollments
from sis.kinds.sql import any_of, read_sql
from sis.models import StateChange

COLUMNS = (
    *("course_id", "section_id", "user_id", "user_integration_id", "role", "role_id", "status"),
    *("associated_user_id", "start_date", "end_date", "limit_section_privileges", "root_account", "record_id"),
)
STATES = ("active", "completed", "inactive", "deleted", "deleted_last_completed")
SQL = read_sql(
    __file__,
    COLUMNS,
    states=any_of(STATES),
    base_of_word=" ".join(f"WHEN '{word}' THEN '{base.value}'" for word, base in MEANINGS.items()),
    base_of_beginning=" ".join(
        f"WHEN lower(asked.role) LIKE '{WORDS[base]}%%' THEN '{base.value}'" for base in BEGINNINGS
    ),
    word_of_base=" ".join(f"WHEN '{base.value}' THEN '{word}'" for base, word in WORDS.items()),
    who_may_observe=RULES.format(course="found.course"),
)


def apply(this: Round) -> None:
    """Enroll people, change and end their enrollments, and let observers follow."""
    this.lock(SQL["lock"])
    missing = insert(Section, "wanting", "", course_id="wanting.id", name="wanting.name", is_default="true")
    made = f"made AS ({missing} ON CONFLICT DO NOTHING RETURNING id, course_id, name)"
    this.execute(f"{SQL.parts['courses_without_section']}, {made} {record_made(Section)}")
    this.look_up("courses_enrollment", other_names="looked_up.record_id IS NULL")
    refuse_own_enrollments(this, SQL["read_own"])
    this.note_changes("Enrollment")
    this.execute(SQL["tell"])
    this.execute(SQL["update"])
    this.make(
        "Enrollment",
        Enrollment,
        "state",
        user_id="person",
        section_id="section",
        role_id="role",
        type="type",
        state="after",
        associated_user_id="other",
        start_at="start_at",
        end_at="end_at",
        completed_at="CASE WHEN after = 'completed' THEN now() END",
        # What a roster of the institution says needs nobody's answer.
        accepted_at="CASE WHEN after <> 'deleted' THEN now() END",
        accepted_through="CASE WHEN after <> 'deleted' THEN 'institution' ELSE '' END",
        limit_privileges_to_course_section='"limit"',
        stuck_sis_fields="new_stuck",
        sis_records="records",
        sis_import_id="%(import)s",
    )
    changed = this.execute(SQL["read_changed_students"])
    came_and_went = [(student, section) for student, section, _returned in changed]
    came = [(student, section) for student, section, returned in changed if returned]
    follow(came_and_went, returned=came, by=this.run.by, sis_import=this.run.sis_import_id)
    # Beside a data set before, what was listed and is no more is known by itself.
    if not this.run.is_compared:
        this.execute(SQL["stamp_observers"])


def put_back(change: StateChange, by: User) -> int:
    """Return how many enrollments stay as they are, counting those of observers that only follow a student."""
    before = change.before or Enrollment.State.DELETED
    there = Enrollment.objects.filter(pk__in=change.records)
    lock_users(pk for pair in there.values_list("user_id", "associated_user_id") for pk in pair if pk)
    ids = list(_not_oneself(_only_touched_by(change, there), before, by).values_list("pk", flat=True))
    observing, sis_import = there.filter(pk__in=ids).exclude(associated_user=None), change.sis_import_id
    foretell([(one.pk, in_state(one, before)) for one in observing], by=by, sis_import=sis_import)
    foretell_state(ids, before, by=by, sis_import=sis_import)
    there.filter(pk__in=ids).update(state=before, **_consent_of(change))
    there.filter(pk__in=ids).exclude(state=Enrollment.State.COMPLETED).update(completed_at=None)
    done = there.filter(pk__in=ids)
    observed = done.exclude(associated_user=None).values_list("associated_user_id", "section_id")
    follow(observed, returned=(), by=by, sis_import=sis_import)
    students = list(done.students().values_list("user_id", "section_id"))
    came = students if change.after in ("deleted", "inactive", "completed") else ()
    follow(students, returned=came, by=by, sis_import=sis_import)
    return there.exclude(state=before).count()


def _consent_of(change: StateChange) -> dict[str, Any]:
    """Return what becomes of consent: none to where somebody has not been or was invited, the old one to where they
    were.
    """
    if change.before in Enrollment.ACCEPTED:
        through = Case(When(accepted_through="", then=Value("institution")), default=F("accepted_through"))
        return {"accepted_at": Coalesce("accepted_at", Now()), "accepted_through": through}
    return {} if change.before == Enrollment.State.DELETED else {"accepted_at": None, "accepted_through": ""}


def _not_oneself(found: QuerySet[Enrollment], before: str, by: User) -> QuerySet[Enrollment]:
    """Without those by which `by` would be staff or an observer again where they could not enroll themselves."""
    theirs = found.filter(user__in=own(by)).exclude(type=BaseType.STUDENT)
    if before in Enrollment.GONE:
        return found
    rows = theirs.values_list("pk", "section__course", "role", "type", "associated_user")
    entries = {pk: Entry(course, role, base, student is not None) for pk, course, role, base, student in rows}
    refused = not_to_enter(set(entries.values()), by=by) if entries else set()
    return found.exclude(pk__in=[pk for pk, entry in entries.items() if entry in refused])


def _only_touched_by(change: StateChange, there: QuerySet[Enrollment]) -> QuerySet[Enrollment]:
    """Return those of these enrollments that are as this change left them.

    Many are not stamped with the import, as they ended along with a person or section: they tell by the moment of
    their last update. What returns must do so in any case, while what the import made goes even where it has been
    carried along since. An observer returns by a link in force, or where this very import listed the enrollment and
    no link of the two has ended since; all others follow their students.
    """
    this = change.sis_import_id
    moments = StateChange.objects.filter(sis_import=this, kind="Enrollment").values("created_at")
    untouched = Q(updated_at__in=moments)
    found = there.filter(state=change.after).exclude(sis_import_id__gt=this)
    if change.before in ("", *Enrollment.GONE):
        return found.filter(untouched | Q(sis_import_id=this))
    people = found.exclude(user__state=User.State.DELETED).exclude(associated_user__state=User.State.DELETED)
    ended = ObservationLink.objects.filter(
        observer=OuterRef("user"),
        student=OuterRef("associated_user"),
        state=ObservationLink.State.DELETED,
        updated_at__gte=OuterRef("updated_at"),
    )
    listed = Q(sis_import_id=this) & ~Exists(ended)
    # Nobody observes a student twice in a section: where that has begun again with another role, it stays.
    begun_again = Enrollment.objects.exclude(state__in=Enrollment.GONE).exclude(pk=OuterRef("pk"))
    begun_again = begun_again.filter(
        associated_user=OuterRef("associated_user"), user=OuterRef("user"), section=OuterRef("section")
    )
    people = people.exclude(Exists(begun_again))
    return people.filter(untouched, Q(associated_user=None) | by_link() | listed)


KIND = Kind(
    order=100,
    name="enrollment",
    plural="enrollments",
    label=_("Enrollments"),
    recognizes=lambda has: bool(has & {"course_id", "section_id"} and has & {"user_id", "user_integration_id"}),
    columns=COLUMNS,
    key=(
        "course_id",
        "section_id",
        "user_id",
        "user_integration_id",
        "role",
        "role_id",
        "associated_user_id",
        "record_id",
    ),
    dates=DATES,
    flags=frozenset({"limit_section_privileges"}),
    allowed={"bad_status": STATES, "bad_role": tuple(WORDS.values())},
    one_of=("user_id", "user_integration_id"),
    people=("user_id", "associated_user_id"),
    may_be_shortened=("record_id",),
    by_any_id=("user_id", "associated_user_id"),
    grows=("courses_enrollment",),
    sql=SQL,
    apply=apply,
    messages={
        "no_section_or_course": _("A course_id or section_id is missing for user {user}."),
        "no_user": _("A user_id or user_integration_id is missing."),
        "user_not_found": _(
            "User {user} is unknown, for an enrollment in {section_or_course}. Import the person first."
        ),
        "no_section_or_course_found": _(
            "Neither the course {course} nor the section {section} exists, for user {user}."
        ),
        "unrelated": _("Section {section} does not belong to course {course}, for user {user}."),
        "bad_flag": _(
            "The enrollment of user {user} in {section_or_course} says neither yes nor no: {detail}. An enrollment "
            "that was there stays as it is, a new one is limited to its section. Write true or false."
        ),
        "bad_role": _(
            "“{role}” is not a role there, for user {user} in {section_or_course}. Use {words}, or the exact name of a "
            "custom role of the account."
        ),
        "no_associated_user": _("The associated user {associated} of {user} is unknown. Import the student first."),
        "enroll_deleted_user": _("User {user} has been deleted and cannot be active in {section_or_course}."),
        "invalid_enrollment": _("User {user} cannot be {role} in {section_or_course}: {reason}."),
    },
    example=Example(7, "section_id,user_id,role,status\nBIO1-F26-A,S1001,student,active"),
    status_of_gone=lambda options: options.diffing_drop_status,
    record=Record(
        class_name="Enrollment",
        table="courses_enrollment",
        state="state",
        title=(
            "concat_ws(', ', (SELECT person.name FROM accounts_user AS person WHERE person.id = x.user_id),"
            " replace(x.type, 'Enrollment', ''),"
            " (SELECT section.name FROM courses_section AS section WHERE section.id = x.section_id))"
        ),
        put_back=put_back,
        counts=("concluded", "deactivated"),
        # Observers' enrollments go with those of their students, unnamed.
        removed_too="x.state = 'deleted' AND x.updated_at = now() AND x.sis_import_id IS NULL",
    ),
    brake=Brake(
        3,
        _("enrollments"),
        reads=("enrollment", "section", "course", "user", "term"),
        sql=SQL.parts["brake"],
    ),
    batch_mode=BatchMode(
        SQL.parts["live_in_batch"],
        SQL.parts["remove_in_batch"],
        people=SQL.parts["people_in_batch"],
        before=(SQL.parts["tell_in_batch"],),
        along={"section": SQL.parts["along_with_section"], "course": SQL.parts["along_with_course"]},
    ),
)
