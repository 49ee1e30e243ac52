"""The least a view can do for the same effect: the same SQL, written out, and nothing else."""

import json
from datetime import timedelta

from django.db import connection, transaction
from django.db.models.functions import Upper
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from accounts.models import ObservationLink
from courses import observing
from pairing import texts, tries

USER = """
SELECT u.*, t.* FROM accounts_accesstoken t JOIN accounts_user u ON u.id = t.user_id WHERE t.token_key = %s
"""
ROOT = "SELECT * FROM accounts_account WHERE parent_id IS NULL LIMIT 21"
FIND = """
SELECT p.*, s.*, c.* FROM pairing_pairingcode p JOIN accounts_user s ON s.id = p.student_id
LEFT JOIN courses_course c ON c.id = p.course_id
WHERE p.used_at IS NULL AND p.revoked_at IS NULL AND p.expires_at > %s AND p.digest = %s AND s.state <> 'deleted'
ORDER BY p.issued_at, p.id LIMIT 1 FOR UPDATE OF p
"""
LINKED = """
SELECT l.* FROM accounts_observationlink l JOIN accounts_user s ON s.id = l.student_id
WHERE l.state = 'active' AND s.state <> 'deleted' AND l.observer_id = %s AND l.student_id = %s ORDER BY l.id LIMIT 1
"""
SPEND = "UPDATE pairing_pairingcode SET used_at = %s, used_by_id = %s WHERE id = %s"
LOCK = "SELECT id FROM accounts_user WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
AUDIT = """
INSERT INTO accounts_auditevent (at, action, actor_id, subject_id, details) VALUES (%s, %s, %s, %s, %s) RETURNING id
"""
BODY = ("id", "name", "created_at", "sortable_name", "short_name")


@csrf_exempt
def redeem(request: HttpRequest) -> JsonResponse:
    """What redeeming through the API asks of the database, statement by statement."""
    key, observer, code = request.GET["key"], int(request.GET["observer"]), request.GET["code"]
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(USER, [key])
        cursor.fetchone()
        cursor.execute(ROOT)
        cursor.fetchone()
        with transaction.atomic():
            turn = {"user": observer, "network": "127.0.0.2", "now": now}
            turn |= {"week": timedelta(days=7), "hour": timedelta(hours=1), "stop": 60}
            cursor.execute(tries.ACCOUNT_TURN, [str(observer)])
            cursor.execute(tries.COUNT, turn)
            cursor.fetchone()
            cursor.execute(FIND, [now, texts.digest(code)])
            names = [column.name for column in cursor.description]
            found = dict(zip(reversed(names), reversed(cursor.fetchone()), strict=True))
            student = found["student_id"]
            cursor.execute(LINKED, [observer, student])
            cursor.execute(SPEND, [now, observer, found["id"]])
            cursor.execute(LOCK, [[student]])
            cursor.execute(observing.LINK, {"observer": observer, "student": student, "origin": "code", "scope": "all"})
            link = cursor.fetchone()[0]
            cursor.execute(observing.MAKE_FOR_LINK, {"link": link})
            details = json.dumps({"observer": observer})
            cursor.execute(AUDIT, [now, "link.made", observer, student, details])
            cursor.execute(AUDIT, [now, "code.redeemed", observer, student, details])
    return JsonResponse({"id": student})


def observees(request: HttpRequest, observer_id: int) -> JsonResponse:
    """One query, as one writes it: no token, no paging."""
    links = ObservationLink.objects.live().filter(observer=observer_id)
    links = links.order_by(Upper("student__sortable_name"), "student")
    return JsonResponse(list(links.values(*(f"student__{key}" for key in BODY))), safe=False)
