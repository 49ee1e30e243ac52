"""Queries that are built once give everyone their own rows; what could differ the next time is refused."""

from threading import Thread

import pytest
from django.db import ProgrammingError, connection
from django.db.models import DateTimeField, F, Value
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import ObservationLink, User
from accounts.models.prepared import Among, prepared
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def links():
    """Three links of different people."""
    return [
        ObservationLink.objects.create(observer=UserFactory(), student=UserFactory(), origin="code") for _each in "123"
    ]


def links_of(observer, origin):
    links = ObservationLink.objects.live().filter(observer=observer, origin=origin).select_related("student")
    return links.annotate(called=F("observer__name")).order_by("pk")


def test_everyone_gets_their_own_rows_of_a_query_that_is_built_once(links, django_assert_num_queries):
    built = []

    def build(observer, origin):
        built.append(observer)
        return links_of(observer, origin)

    ask = prepared(build)
    for link in [*links, links[0]]:
        with django_assert_num_queries(1):
            (found,) = ask(link.observer, origin="code")
            assert (found, found.student, found.called) == (link, link.student, link.observer.name)
        assert ask(link.observer.pk, "code") == [link]
        assert ask(link.observer, "api") == []
        assert ask(None, "code") == [], "nothing is equal to nothing"
        assert ask(2**70, "code") == []
    assert len(built) == 1


def test_what_is_kept_sees_what_has_changed_since(links):
    ask = prepared(links_of)
    assert ask(links[0].observer, "code") == [links[0]]
    ObservationLink.objects.update(state="deleted")
    assert ask(links[0].observer, "code") == []


def test_values_come_as_they_do_from_any_query(links):
    ids = [link.pk for link in links[:2]]
    among = prepared(
        lambda ids: ObservationLink.objects.filter(Among("pk", ids)).order_by("pk").values_list("pk", "scope")
    )
    assert among(ids) == [(pk, "all") for pk in ids]
    assert among([]) == []
    names = prepared(lambda who: User.objects.filter(pk=who).values("name"))
    assert names(links[0].observer) == [{"name": links[0].observer.name}]
    both = prepared(
        lambda one, other: User.objects.filter(pk=one).union(User.objects.filter(pk=other)).values_list("pk", flat=True)
    )
    assert set(both(links[0].observer, links[1].observer)) == {links[0].observer_id, links[1].observer_id}


@pytest.mark.parametrize(
    "build",
    [
        lambda who: User.objects.filter(pk=who, created_at__lt=timezone.now()),
        lambda who: User.objects.filter(pk=who).annotate(at=Value(timezone.now(), DateTimeField())),
        lambda who: User.objects.filter(pk=who).prefetch_related("enrollments"),
    ],
    ids=["compared with the present moment", "the present moment", "prefetched"],
)
def test_what_would_differ_the_next_time_is_refused(build):
    with pytest.raises(TypeError):
        prepared(build)(1)


def test_the_moment_is_the_database_s(links):
    made = prepared(lambda who: User.objects.filter(pk=who, created_at__lte=Now()))
    assert made(links[0].observer) == [links[0].observer]


def test_nothing_can_be_looked_up_about_anybody_while_a_query_is_built(links):
    by_attribute = prepared(lambda who: User.objects.filter(pk=who, state=who.state))
    with pytest.raises(AttributeError):
        by_attribute(links[0].observer)
    by_statement = prepared(
        lambda who: User.objects.filter(pk__in=list(User.objects.filter(pk=who).values_list("pk", flat=True)))
    )
    with pytest.raises(ProgrammingError):
        by_statement(links[0].observer)


@pytest.mark.django_db(transaction=True)
def test_each_thread_asks_over_its_own_connection(links):
    ask, found = prepared(links_of), []

    def ask_there():
        try:
            found.extend(ask(links[0].observer, "code"))
        finally:
            connection.close()

    for _each in range(2):
        thread = Thread(target=ask_there)
        thread.start()
        thread.join()
    assert found == [links[0], links[0]]
    assert ask(links[1].observer, "code") == [links[1]]
