"""HTML that others wrote: cleaned once, when it is written, and shown as it was kept.

Tags without meaning for a reader, styles, names, scripts and forms are left out; the words in them stay.
"""

from __future__ import annotations

from typing import Any

import nh3
from django.db.models import TextField
from django.utils.html import linebreaks
from django.utils.safestring import SafeString, mark_safe

LISTS = {"ul", "ol", "li", "dl", "dt", "dd"}
TABLES = {"table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"}
BLOCKS = {"p", "br", "hr", "blockquote", "pre", "h2", "h3", "h4", "h5", "h6", *LISTS, *TABLES}
WORDS = {"a", "img", "b", "strong", "i", "em", "u", "s", "sub", "sup", "code", "kbd", "q", "cite", "abbr", "mark"}
# A name or a style could make a text look or act like a part of the page.
ATTRIBUTES = {
    "a": {"href", "title", "lang"},
    "img": {"src", "alt", "title"},
    "abbr": {"title"},
    "ol": {"start"},
    "th": {"colspan", "rowspan", "scope"},
    "td": {"colspan", "rowspan"},
    "p": {"lang", "dir"},
}
SCHEMES = {"http", "https", "mailto", "tel"}


def clean_html(html: str) -> str:
    """Return `html` with nothing in it but texts, their structure, links and pictures."""
    if not html:
        return ""
    return nh3.clean(
        html, tags=BLOCKS | WORDS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel="noopener noreferrer nofollow"
    )


def paragraphs(text: str) -> str:
    """Return a plain text, in which a blank line starts a paragraph, as HTML."""
    return str(linebreaks(text, autoescape=True)) if text.strip() else ""


class Html(TextField):
    """A text in HTML, cleaned whoever saves it: `save`, `bulk_create` and `update` alike.

    What is read is safe to be shown as it is. Plain SQL has to clean what it writes (`clean_html`). Migrations know it
    as a text: it makes no difference to the database.
    """

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.TextField", args, kwargs

    def from_db_value(self, value: str | None, *_how: Any) -> SafeString | None:
        return None if value is None else mark_safe(value)  # noqa: S308 cleaned when it was written

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        """Clean it on the object, too, which is often shown once it is saved."""
        value = super().pre_save(model_instance, add)
        if isinstance(value, str):
            value = mark_safe(clean_html(value))  # noqa: S308
            setattr(model_instance, self.attname, value)
        return value

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        return super().get_db_prep_save(clean_html(value) if isinstance(value, str) else value, connection)
