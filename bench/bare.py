"""The least a view can do for the same effect: the same SQL, written out, and nothing else."""

import json
from datetime import timedelta

from django.db import connection, transaction
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from accounts import auditing
from accounts.models import ObservationLink
from courses import observer_enrollments, observing
from pairing import redeeming, texts, tries

USER = """
SELECT u.*, t.* FROM accounts_accesstoken t JOIN accounts_user u ON u.id = t.user_id WHERE t.token_key = %s
"""
ROOT = "SELECT * FROM accounts_account WHERE parent_id IS NULL"
SPEND = "UPDATE pairing_pairingcode SET used_at = %s, used_by_id = %s WHERE id = %s"
LOCK = "SELECT id FROM accounts_user WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
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
            wanted = {"digest": texts.digest(code), "now": now}
            cursor.execute(redeeming.LOCK_STUDENT, wanted)
            cursor.fetchone()
            cursor.execute(redeeming.LOCK_CODE, wanted)
            found = dict(zip((column.name for column in cursor.description), cursor.fetchone(), strict=True))
            student = found["student_id"]
            cursor.execute(redeeming.OPEN, {"observer": observer, "student": student, "course": None})
            cursor.execute(SPEND, [now, observer, found["id"]])
            cursor.execute(LOCK, [[student]])
            pair = {"observers": [observer], "students": [student], "origin": "code", "scope": "all"}
            cursor.execute(observing.LINK, pair)
            link = cursor.fetchone()[0]
            cursor.execute(observer_enrollments.MAKE_FOR_LINKS, {"links": [link]})
            details = json.dumps({"observer": observer})
            cursor.execute(auditing.INSERT, ["link.made", observer, None, student, details])
            cursor.execute(auditing.INSERT, ["code.redeemed", observer, None, student, details])
    return JsonResponse({"id": student})


def observees(request: HttpRequest, observer_id: int) -> JsonResponse:
    """One query, as one writes it: no token, no paging."""
    links = ObservationLink.objects.live().filter(observer=observer_id)
    links = links.order_by("student__sort_key", "student")
    return JsonResponse(list(links.values(*(f"student__{key}" for key in BODY))), safe=False)
