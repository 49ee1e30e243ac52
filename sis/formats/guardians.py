"""Who observes whom, according to OneRoster and School Data Sync.

OneRoster has no word for it: a person's row lists agents, who may be anybody. A link is made only where exactly one of
the two is a guardian, parent or relative today and the other a student; which side names the other does not matter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sis.files.tables import Row, Table
from sis.formats.people import GUARDIAN_ROLES, stage_people
from sis.formats.source_files import Converted, Source, count_word, report_left_out
from sis.kinds.sql import any_of

_GUARDIAN = f"role IN ({any_of(GUARDIAN_ROLES)})"


def from_agents(source: Source) -> Iterator[Converted]:
    """Yield the links that the agents of users.csv make; and, as deleted, those in force that the lists no
    longer have.
    """
    _judge(source)
    query = """
        SELECT min(number) AS number, observer, student FROM verdicts WHERE observer IS NOT NULL
        GROUP BY observer, student ORDER BY number, observer, student
    """
    for number, observer, student in source.scratch.read(query):
        yield _row(number, observer, student, "active")
    if source.is_whole:
        source.scratch.make("made", "SELECT DISTINCT observer, student FROM verdicts WHERE observer IS NOT NULL")
        yield from _no_longer_made(source, source.tables["users"])
    else:
        yield from _dropped(source)
    _report(source)


def _row(number: int, observer: str, student: str, status: str) -> Converted:
    return number, {"observer_id": observer, "student_id": student, "status": status}


def _judge(source: Source) -> None:
    """Make the table `verdicts`: for each agent of each person the link it makes, or the reason for none."""
    stage_people(source)
    source.scratch.make(
        "known",
        f"""
        SELECT id, bool_or({_GUARDIAN} AND is_current) AS guards, bool_or({_GUARDIAN}) AS guarded,
            bool_or(role = 'student') AS studies
        FROM held WHERE NOT EXISTS (SELECT FROM gone_people WHERE gone_people.id = held.id) GROUP BY id
        """,
    )
    source.scratch.make(
        "verdicts",
        """
        SELECT number, id, agent,
            CASE WHEN forth AND NOT back THEN id WHEN back AND NOT forth THEN agent END AS observer,
            CASE WHEN forth AND NOT back THEN agent WHEN back AND NOT forth THEN id END AS student,
            CASE WHEN forth <> back THEN NULL WHEN stranger THEN 'unknown' WHEN over THEN 'over' ELSE 'other' END
                AS reason
        FROM (
            SELECT agents.*, one.id IS NULL OR other.id IS NULL AS stranger,
                coalesce(one.guards AND other.studies, false) AS forth,
                coalesce(other.guards AND one.studies, false) AS back,
                coalesce(one.guarded AND other.studies OR other.guarded AND one.studies, false)
                    AND NOT coalesce(one.guards AND other.studies OR other.guards AND one.studies, false) AS over
            FROM agents LEFT JOIN known AS one ON one.id = agents.id LEFT JOIN known AS other ON other.id = agents.agent
            WHERE agents.agent <> agents.id
        ) AS pairs
        """,
    )
    _name_by_own_ids(source, verdicts="observer student id agent", agents="id agent", known="id")


def _name_by_own_ids(source: Source, **columns: str) -> None:
    """Put into these columns of tables people's own ids for further ones, as the links in force name them.

    One that has ended makes no link, and so stays as it is: its rows are refused, and the link that it made ends. This
    upload may bring it back; and one to compare with is read as it was meant then.
    """
    listed = (
        "further.sis_user_id IN (SELECT id FROM people WHERE status <> 'deleted' EXCEPT SELECT id FROM gone_people)"
    )
    source.scratch.make(
        "own_ids",
        f"""
        SELECT further.sis_user_id AS id, person.sis_user_id AS own
        FROM accounts_furthersisid AS further JOIN accounts_user AS person ON person.id = further.user_id
        WHERE person.sis_user_id IS NOT NULL
        {"" if source.is_to_compare else f"AND (further.is_live OR {listed})"}
        """,
    )
    for table, names in columns.items():
        for name in names.split():
            source.scratch.replace(table, name, "own_ids")


def _report(source: Source) -> None:
    """Warn once for each reason for which agents made no link."""
    texts = {
        "unknown": _(
            "Agents whose role is not in this upload: %(count)s. No link was created. Include the roles of both people."
        ),
        "over": _("Agents whose guardian role is not valid today: %(count)s. No link was created."),
        "other": _("Agents who are not a guardian, parent or relative of a student: %(count)s. No link was created."),
    }
    query = "SELECT reason, count(*) FROM verdicts WHERE reason IS NOT NULL GROUP BY reason ORDER BY reason"
    for reason, number in list(source.scratch.read(query)):
        source.problems.warn(source.tables["users"].name, texts[reason] % {"count": number})


def _dropped(source: Source) -> Iterator[Converted]:
    """Yield, of changes, the links that rosters made and that the list of one of the two, which is a whole list, no
    longer has.

    An empty list counts only where others in the same role have one: some systems list the guardians of a student,
    some the students of a guardian, and the other side's lists are always empty.
    """
    if source.is_to_compare:
        return
    _stage_standing_links(source)
    source.scratch.make(
        "gone_links",
        """
        WITH listing AS (
            SELECT coalesce(bool_or(studies), false) AS students, coalesce(bool_or(guarded), false) AS guardians
            FROM agents JOIN known USING (id) WHERE agent IS NOT NULL
        ), kept AS (
            SELECT observer, student FROM verdicts WHERE observer IS NOT NULL
            UNION ALL SELECT id, agent FROM verdicts WHERE reason = 'unknown'
            UNION ALL SELECT agent, id FROM verdicts WHERE reason = 'unknown'
        ), lists AS (
            SELECT DISTINCT id, number, agent IS NOT NULL OR studies AND students OR guarded AND guardians AS is_whole
            FROM agents LEFT JOIN known USING (id) CROSS JOIN listing
        )
        SELECT min(number) AS number, observer, student, coalesce(bool_or(is_whole), false) AS is_whole
        FROM (
            SELECT standing.*, number, is_whole FROM standing JOIN lists ON lists.id = observer
            UNION ALL SELECT standing.*, number, is_whole FROM standing JOIN lists ON lists.id = student
        ) AS listed
        WHERE NOT EXISTS (SELECT FROM kept WHERE kept.observer = listed.observer AND kept.student = listed.student)
        GROUP BY observer, student
        """,
    )
    kept = 0
    query = "SELECT * FROM gone_links ORDER BY number, observer, student"
    for number, observer, student, is_whole in source.scratch.read(query):
        if is_whole:
            yield _row(number, observer, student, "deleted")
        else:
            kept += 1
    if kept:
        text = ngettext(
            "%(count)s link was kept although the list of agents is empty. A bulk upload decides whether it stays.",
            "%(count)s links were kept although the lists of agents are empty. "
            "A bulk upload decides whether they stay.",
            kept,
        )
        source.problems.warn(source.tables["users"].name, text % {"count": kept})


def _no_longer_made(source: Source, file: Table) -> Iterator[Converted]:
    """Yield, of all there is, the links that rosters made between two people in users.csv and that are not in the table
    `made`.

    They come from no row (number 0). Many systems know of no links and leave the lists empty for everybody, and the
    links come in a file of their own. So an upload that makes none ends only links that came together with people.
    """
    if source.is_to_compare:
        return
    _stage_standing_links(source)
    kept = 0
    query = """
        SELECT observer, student, came_with_people OR EXISTS (SELECT FROM made) AS is_over
        FROM standing WHERE NOT EXISTS (
            SELECT FROM made WHERE made.observer = standing.observer AND made.student = standing.student)
        ORDER BY observer, student
    """
    for observer, student, is_over in source.scratch.read(query):
        if is_over:
            yield _row(0, observer, student, "deleted")
        else:
            kept += 1
    if kept:
        text = ngettext(
            "%(count)s link was kept: it came from a file with only links, and this upload has no links.",
            "%(count)s links were kept: they came from files with only links, and this upload has no links.",
            kept,
        )
        source.problems.warn(file.name, text % {"count": kept})


def _stage_standing_links(source: Source) -> None:
    """Make the table `standing`: the links in force when the import started that a roster has touched last.

    Of an upload that is all there is, the links between people whom it lists both and does not delete; of changes, all
    links of people listed. Those that somebody has ended meanwhile count as well, whoever made them: no row may be
    missing when it goes on. Read on the scratch tables' connection: the other one may be busy taking in the very rows
    given here.
    """
    not_gone = "NOT EXISTS (SELECT FROM gone_people WHERE gone_people.id = agents.id)"
    source.scratch.make(
        "standing",
        f"""
        WITH listed AS (
            SELECT DISTINCT id FROM agents
            WHERE id IS NOT NULL {f"AND {not_gone}" if source.is_whole else ""}
        )
        SELECT observer.sis_user_id AS observer, student.sis_user_id AS student,
            coalesce(made_by.data -> 'supplied_batches' @> '["user"]', false) AS came_with_people
        FROM accounts_observationlink AS link
        JOIN accounts_user AS observer ON observer.id = link.observer_id AND observer.sis_user_id IS NOT NULL
        JOIN accounts_user AS student ON student.id = link.student_id AND student.sis_user_id IS NOT NULL
        LEFT JOIN sis_sisimport AS made_by ON made_by.id = link.sis_import_id
        WHERE CASE link.state WHEN 'active' THEN link.sis_import_id IS NOT NULL
              ELSE link.updated_at >= '{source.at.isoformat()}' END
        AND (observer.sis_user_id IN (SELECT id FROM listed)
            {"AND" if source.is_whole else "OR"} student.sis_user_id IN (SELECT id FROM listed))
        """,
    )


def from_relationships(source: Source) -> Iterator[Converted]:
    """Yield the links of School Data Sync's relationships.csv, which says who is whose guardian.

    If the upload is all there is also, as deleted, those in force that are not in it any more.
    """
    table = source.tables["relationships"]

    def related(row: Row) -> Iterator[tuple]:
        cells = row.cells
        role = (cells["relationshiprole"] or "").lower()
        yield row.number, cells["usersourcedid"], cells["relationshipusersourcedid"], role

    columns = "number bigint, student text, observer text, role text"
    source.scratch.fill("relationships", columns, source.rows("relationships"), related)
    stage_people(source)
    left_out: Counter[str] = Counter()
    strangers = 0
    source.scratch.make(
        "related",
        f"""
        SELECT *, {_GUARDIAN} AS guards, student IN (SELECT id FROM held WHERE role = 'student') AS studies
        FROM relationships
        """,
    )
    _name_by_own_ids(source, related="observer student")
    query = "SELECT number, observer, student, role, guards, studies FROM related ORDER BY number"
    for number, observer, student, role, guards, studies in source.scratch.read(query):
        if not guards:
            count_word(left_out, role)
        elif not studies:
            strangers += 1
        else:
            yield _row(number, observer, student, "active")
    if source.is_whole:
        source.scratch.make("made", "SELECT DISTINCT observer, student FROM related WHERE guards AND studies")
        yield from _no_longer_made(source, table)
    report_left_out(source, table, left_out, GUARDIAN_ROLES)
    if strangers:
        text = _("Relationships of people who are not students according to roles.csv: %(count)s. No link was created.")
        source.problems.warn(table.name, text % {"count": strangers})
