"""The lock that orders everything that happens to a student's links, codes and enrollments."""

from collections.abc import Iterable

from django.db import connection


def lock_users(user_ids: Iterable[int]) -> None:
    """Hold these people's rows until the transaction ends, always in the same order (one statement).

    Without it a link made while the student is being enrolled elsewhere would miss the new course.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM accounts_user WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
            [sorted(set(user_ids))],
        )
