"""courses.csv: courses, where they belong and whether they are open."""

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from courses.domain.courses import PERMISSION
from courses.domain.observation_events import COURSES_END, courses_end, courses_return
from courses.models import Course
from sis.kinds.audit import Changes, record_changes, record_deleted
from sis.kinds.chunks import Round, of_the_import, put_back_states
from sis.kinds.kind import DATES, BatchMode, Brake, Example, Kind, Record, Restated, Unique
from sis.kinds.sender_limits import refuse_moves
from sis.kinds.sql import any_of, read_sql
from sis.models import StateChange

COLUMNS = (
    *("course_id", "short_name", "long_name", "status", "account_id", "term_id", "start_date", "end_date"),
    *("integration_id", "course_format", "grade_passback_setting", "fallback_account_id"),
)
STATES = ("active", "published", "unpublished", "completed", "deleted")
FORMATS = ("on_campus", "online", "blended")
PASSBACK_SETTINGS = ("nightly_sync", "not_set")
NEW = {
    "name": "given.new_name",
    "course_code": "given.new_code",
    "account_id": "given.new_account",
    "term_id": "given.new_term",
    "workflow_state": "given.after",
    "start_at": "given.new_start",
    "end_at": "given.new_end",
    "integration_id": "given.new_integration",
    "restrict_enrollments_to_course_dates": "given.new_restrict",
    "course_format": "given.new_format",
    "grade_passback_setting": "given.new_passback",
    "only_cross_listed": "given.only_cross_listed",
    "stuck_sis_fields": "given.new_stuck",
}
CHANGES = Changes(Course, NEW)
SQL = read_sql(
    __file__,
    COLUMNS,
    tell=record_changes(CHANGES),
    update=CHANGES.update,
    end_of_courses=COURSES_END.replace("%(courses)s", "%(ids)s"),
    states=any_of(STATES),
    formats=any_of(FORMATS),
    passback_settings=any_of(PASSBACK_SETTINGS),
)


def apply(this: Round) -> None:
    """Make, change, publish, conclude and delete courses."""
    this.look_up("courses_course")
    refuse_moves(this, SQL["read_moves"], PERMISSION)
    this.note_changes("Course")
    by, sis_import = this.run.by, this.run.sis_import_id
    gone_and_back = dict(this.execute(SQL["read_gone_and_back"]))
    courses_end(gone_and_back.get(False, ()), by=by, sis_import=sis_import)
    courses_return(gone_and_back.get(True, ()), by=by, sis_import=sis_import)
    this.execute(SQL["tell"])
    this.execute(SQL["update"])
    this.make(
        "Course",
        Course,
        "workflow_state",
        name="new_name",
        course_code="new_code",
        account_id="new_account",
        term_id="new_term",
        sis_course_id="course_id",
        integration_id="new_integration",
        workflow_state="after",
        start_at="new_start",
        end_at="new_end",
        restrict_enrollments_to_course_dates="new_restrict",
        course_format="new_format",
        grade_passback_setting="new_passback",
        stuck_sis_fields="new_stuck",
        sis_import_id="%(import)s",
    )


def put_back(change: StateChange, by: User) -> int:
    """Return how many courses stay as they are."""
    ours = list(of_the_import(Course, change).values_list("pk", flat=True))
    stay = put_back_states(Course)(change, by)
    # Whoever takes the import back wants what returns to stay.
    Course.objects.filter(pk__in=ours).update(only_cross_listed=False)
    if change.before == Course.State.DELETED:
        courses_end(ours, by=by, sis_import=change.sis_import_id)
    elif change.after == Course.State.DELETED:
        courses_return(ours, by=by, sis_import=change.sis_import_id)
    return stay


KIND = Kind(
    order=50,
    name="course",
    plural="courses",
    label=_("Courses"),
    recognizes=lambda has: has >= {"course_id", "short_name"},
    columns=COLUMNS,
    key=("course_id",),
    resolvable=frozenset({"integration_id_taken"}),
    unique=(Unique("integration_id"),),
    restated=Restated(
        "courses_course",
        "sis_course_id",
        {
            "short_name": "record.course_code",
            "long_name": "record.name",
            "account_id": "(SELECT sis_account_id FROM accounts_account AS home WHERE home.id = record.account_id)",
            "course_format": "nullif(record.course_format, '')",
            "integration_id": "record.integration_id",
            **dict.fromkeys(("fallback_account_id", "term_id", "start_date", "end_date"), "NULL"),
            "grade_passback_setting": "NULL",
        },
    ),
    dates=DATES,
    clears_dates=True,
    words=frozenset({"status", "course_format", "grade_passback_setting"}),
    allowed={
        "bad_status": STATES,
        "bad_course_format": FORMATS,
        "bad_grade_passback_setting": PASSBACK_SETTINGS,
    },
    grows=("courses_course",),
    sql=SQL,
    apply=apply,
    messages={
        "no_short_name": _("The short_name of course {id} is missing."),
        "no_long_name": _("The long_name of course {id} is missing."),
        "no_account": _(
            "The account {account} of course {id} is unknown or deleted. Import it first, or name another."
        ),
        "strange_roles": _(
            "Course {id} was not moved to account {account}: people in it have roles that do not exist there ({roles})."
        ),
        "bad_course_format": _("“{value}” is not a valid format for course {id}. Use {words}."),
        "bad_grade_passback_setting": _(
            "“{value}” is not a valid grade_passback_setting for course {id}. Use {words}."
        ),
    },
    example=Example(
        5,
        "course_id,short_name,long_name,account_id,term_id,status\nBIO1-F26,BIO1,Biology I,HS,F26,published",
    ),
    record=Record(
        class_name="Course",
        table="courses_course",
        state="workflow_state",
        title="x.name",
        put_back=put_back,
        counts=("concluded",),
    ),
    brake=Brake(2, _("courses"), reads=("course", "term", "section", "xlist"), sql=SQL.parts["brake"]),
    batch_mode=BatchMode(
        SQL.parts["live_in_batch"],
        SQL.parts["remove_in_batch"],
        before=(SQL.parts["tell_in_batch"], record_deleted(Course)),
    ),
)
