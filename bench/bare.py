"""The least a view can do for the same effect: the same SQL, written out, and nothing else."""

import hashlib
import json

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import RequestContext, Template
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from accounts.advisory_locks import HOLD_TEXT, AdvisoryLock
from accounts.domain import audit, rate_limit, tokens
from accounts.domain.audit import Change
from accounts.domain.rate_limit import Window
from accounts.models import ObservationLink, User
from courses.domain import observation, observer_enrollments
from pairing import code_text
from pairing.domain import institution_limit, redemption
from pairing.domain import rate_limit as code_limit

BY_DIGEST = "c.digest = %(sought)s"
BODY = ("id", "name", "created_at", "sortable_name", "short_name")


@csrf_exempt
def redeem(request: HttpRequest) -> JsonResponse:
    """What redeeming through the API asks of the database, statement by statement."""
    token, observer, code = request.GET["token"], int(request.GET["observer"]), request.GET["code"]
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(tokens.OWNER, {"digest": hashlib.sha256(token.encode()).digest(), "unused": 0})
        cursor.fetchone()
        with transaction.atomic():
            cursor.execute(HOLD_TEXT, [AdvisoryLock.TRY, f"pairing by {observer}"])
            counted = (
                (f"pairing by {observer}", code_limit.ACCOUNT.window),
                ("pairing from 127.0.0.2", code_limit.NETWORK.window),
                (institution_limit.ALL, Window(institution_limit.HOUR)),
                (institution_limit.Entrance.ACCOUNT.key, Window(institution_limit.WEEK)),
            )
            keys = {
                "keys": [key for key, _window in counted],
                "memories": [window.memory for _key, window in counted],
                "most": [window.most for _key, window in counted],
                "now": now,
            }
            cursor.execute(rate_limit.COUNT, keys)
            cursor.fetchall()
            wanted = {"sought": code_text.digest(code), "now": now, "observer": observer}
            cursor.execute(redemption.LOCK_PEOPLE.format(BY_DIGEST), wanted)
            cursor.fetchall()
            cursor.execute(redemption.LOCK_CODE.format(BY_DIGEST), wanted)
            found = dict(zip((column.name for column in cursor.description), cursor.fetchone(), strict=True))
            student = found["student_id"]
            pair = {"observers": [observer], "students": [student], "courses": [None]}
            cursor.execute(observation.LINK_ALLOWED, {**pair, "origin": "code", "scope": "all"})
            _problem, _named, link, *_rest = cursor.fetchone()
            details = json.dumps({"observer": observer})
            about = {"actor": observer, "acting_for": None, "subject": student, "details": details}
            made = Change(observer_enrollments.MAKE_FOR_LINKS, {"links": [link]})
            spent = Change(redemption.SPEND, {"used_at": now, "used_by": observer, "code": found["id"]})
            for action, change in (("observing.began", made), ("code.redeemed", spent)):
                cursor.execute(change.told_by(audit.INSERT), {**about, "action": action, **change.values})
    return JsonResponse({"id": student})


def observees(request: HttpRequest, observer_id: int) -> JsonResponse:
    """One query, as one writes it: no token, no paging."""
    links = ObservationLink.objects.live().filter(observer=observer_id)
    links = links.order_by("student__sort_key", "student")
    return JsonResponse(list(links.values(*(f"student__{key}" for key in BODY))), safe=False)


PAGE = Template(
    """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Students</title></head>
<body>
<h1>Students</h1>
<ul>{% for student in students %}<li>{{ student.short_name }}</li>{% endfor %}</ul>
</body>
</html>
"""
)


def page(request: HttpRequest, observer_id: int) -> HttpResponse:
    """One query and a small template, filled in as every page's is."""
    students = User.objects.filter(observer_links__observer=observer_id, observer_links__state="active")
    return HttpResponse(PAGE.render(RequestContext(request, {"students": students.order_by("sort_key", "pk")})))
