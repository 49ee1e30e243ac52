"""HTML that others wrote: what is kept of it, whoever saves it."""

import pytest
from django.utils.safestring import SafeString
from hypothesis import given
from hypothesis import strategies as st

from accounts.text.html import clean_html, paragraphs
from courses.models import Course
from tests.factories import CourseFactory

PLAIN = "<p>Read <b>this</b>.</p>"


@pytest.mark.parametrize(
    ("given_html", "kept"),
    [
        (PLAIN, PLAIN),
        ("<script>alert(1)</script>Hi", "Hi"),
        ('<p onclick="x()" style="color:red" class="c" id="i">Hi</p>', "<p>Hi</p>"),
        ('<a href="javascript:alert(1)">x</a>', '<a rel="noopener noreferrer nofollow">x</a>'),
        ('<a href="https://a.example/">x</a>', '<a href="https://a.example/" rel="noopener noreferrer nofollow">x</a>'),
        ('<img src="data:text/html,x" alt="A map">', '<img alt="A map">'),
        ("<form><input><button>Go</button></form>", "Go"),
        ("<iframe src=x></iframe><h1>Title</h1><h3>Part</h3>", "Title<h3>Part</h3>"),
        (
            "<table><tr><td colspan=2>1</td></tr></table>",
            '<table><tbody><tr><td colspan="2">1</td></tr></tbody></table>',
        ),
        ("<p>open", "<p>open</p>"),
        ("", ""),
    ],
)
def test_texts_structure_links_and_pictures_are_kept_and_nothing_that_acts(given_html, kept):
    assert clean_html(given_html) == kept


@given(st.text(alphabet="<>/=\"'ab &;scriptonhref:!-"))
def test_what_is_clean_stays_the_same(text):
    once = clean_html(text)
    assert clean_html(once) == once
    assert "<script" not in once.lower()


@pytest.mark.django_db
def test_every_way_to_save_a_text_cleans_it():
    bad = "<p>Hi<script>x</script></p>"
    course = CourseFactory(syllabus_body=bad)
    # The object that was saved is shown, too.
    assert course.syllabus_body == "<p>Hi</p>"
    ways = [
        lambda: Course.objects.filter(pk=course.pk).update(syllabus_body=bad),
        lambda: Course.objects.bulk_update([Course(pk=course.pk, syllabus_body=bad)], ["syllabus_body"]),
        lambda: Course.objects.update_or_create(pk=course.pk, defaults={"syllabus_body": bad}),
    ]
    for save in ways:
        save()
        kept = Course.objects.get(pk=course.pk).syllabus_body
        assert (kept, isinstance(kept, SafeString)) == ("<p>Hi</p>", True)


def test_plain_text_becomes_paragraphs_in_which_nothing_acts():
    assert paragraphs("Draw <this>.\n\nThen that.") == "<p>Draw &lt;this&gt;.</p>\n\n<p>Then that.</p>"
    assert paragraphs(" \n ") == ""
