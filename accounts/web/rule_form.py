"""Forms that a rule is asked with."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from django import forms

from accounts.errors import Invalid, Refused
from accounts.web.refusals import Answer, refusal_of, tell


class RuleForm(forms.Form):
    """A form that a rule is asked with; what the rule objects to stands beside the field it is about."""

    # By the rule's name for a field, the form's name, where they differ.
    FIELDS_OF_RULES: ClassVar[dict[str, str]] = {}
    refusal: Refused | None = None

    def carry_out(self, rule: Callable[[], object]) -> bool:
        """Call `rule` for a form that was sent and is valid; return whether it was done, and not refused."""
        if not self.is_valid():
            return False
        if refusal := refusal_of(rule):
            self.add_refusal(refusal)
        return refusal is None

    def add_refusal(self, refusal: Refused) -> None:
        """Show a refusal by a rule."""
        self.refusal = refusal
        for field, message in self.complaints_of(refusal):
            self.add_error(field if field in self.fields else None, message)

    def complaints_of(self, refusal: Refused) -> list[tuple[str, str]]:
        """Return what a refusal says, each with the field of this form it is about, or "" for none."""
        if not isinstance(refusal, Invalid):
            return [("", refusal.message)]
        return [
            (self.FIELDS_OF_RULES.get(field, field), str(message))
            for field, complaints in refusal.errors.items()
            for _kind, message in complaints
        ]

    def tell(self, page: Answer) -> Answer:
        """Give a page that shows this form the status and headers of what is wrong with it, and return the page."""
        if self.is_bound:
            page.status_code = 422
        return tell(page, self.refusal)
