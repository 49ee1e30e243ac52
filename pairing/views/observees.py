"""Observing: the students one observes, and pairing with a code in two steps: look, then pair."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import ObservationLink, User
from accounts.text.fields import plain_id
from accounts.web.addresses import addresses
from accounts.web.pages import ConfirmPage, FormPage, PlainPage, Way
from accounts.web.refusals import refusal_of
from accounts.web.requests import AuthenticatedHttpRequest, network_of
from accounts.web.site import site_of
from courses.access.courses import courses_by_student, list_observed_students, schools_of
from courses.domain.course_observers import has_stopped, observing_by_course, stays_after, stop_observing
from courses.domain.observation import unlink
from courses.domain.rosters import list_observed_by
from pairing.domain.redemption import Pairing, preview, redeem_shown
from pairing.forms import CodeForm
from pairing.models import PairingCode

# In the session: the ids of the codes this person has recently entered and been shown, the latest at the end.
SHOWN = "codes_shown"
REMEMBERED = 10


class Observing(PlainPage, FormPage):
    """Whom one observes, and the form for a code.

    A code leads on to the page that shows whom it is about; from there, `step=pair` pairs.
    """

    template = "pairing/observees.html"
    is_done_once = False
    pairing: Pairing | None = None

    def form(self, data: QueryDict | None) -> CodeForm:
        return CodeForm(data)

    def answer(self) -> HttpResponse:
        agreed = _agreed_to(self.request)
        if agreed is None:
            return super().answer()
        form = self.form(self.request.POST)
        if refusal := refusal_of(lambda: self.pair(agreed)):
            form.add_refusal(refusal)
            return form.tell(self.show(form=form))
        return self.finish()

    def pair(self, code_id: int) -> None:
        """Pair with the student of a code that this person was shown. Raises Refused."""
        self.pairing = redeem_shown(code_id, observer=self.by)

    def act(self, form: CodeForm) -> None:
        typed, family_name = form.cleaned_data["code"], form.cleaned_data.get("family_name", "")
        look = preview(typed, observer=self.by, network=network_of(self.request), family_name=family_name)
        self.pairing = look.pairing
        if look.pairing is None:
            before = [pk for pk in self.request.session.get(SHOWN, []) if pk != look.code.pk]
            self.request.session[SHOWN] = [*before, look.code.pk][-REMEMBERED:]

    def finish(self) -> HttpResponse:
        return _paired(self.request, self.pairing) if self.pairing else redirect("confirm_observee")

    def facts(self) -> dict[str, Any]:
        here = site_of(self.request)
        address = addresses("course")
        courses = {
            student: [Way(address(course.pk), course.name) for course in open_ones]
            for student, open_ones in courses_by_student(self.by).items()
        }
        linked = [(link, courses.get(link.student_id, [])) for link in list_observed_by(self.by)]
        ids = {link.student_id for link, _courses in linked}
        others = [student for student in list_observed_students(self.by) if student.pk not in ids]
        return {
            "pairing_is_on": bool(here.root and here.root.pairing_is_on),
            "linked": linked,
            "by_course": [(student, courses.get(student.pk, [])) for student in others],
        }


@login_required
def confirm(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show the student of the code entered last. The page has its own address, so that Back and reloading are safe."""
    shown = request.session.get(SHOWN, [])
    code = PairingCode.objects.live().select_related("student", "course", "account").filter(pk__in=shown[-1:]).first()
    if code is None:
        return redirect("observees")
    context = {"code": code, "student": code.student, "schools": schools_of(code.student)}
    return render(request, "pairing/confirm.html", context)


def _agreed_to(request: AuthenticatedHttpRequest) -> int | None:
    """Return the id of the code whose student this person was shown and agrees to observe; None for a
    form with a code.
    """
    shown = request.session.get(SHOWN, [])
    if request.POST.get("step") != "pair" or not shown:
        return None
    # The page says which code it showed: with two pages open, each button is for its own code.
    wanted = plain_id(request.POST["shown"]) if "shown" in request.POST else shown[-1]
    return wanted if wanted in shown else None


def _paired(request: AuthenticatedHttpRequest, pairing: Pairing) -> HttpResponse:
    name = {"name": pairing.link.student.short_name}
    if pairing.is_new:
        messages.success(request, _("You are now observing %(name)s.") % name)
    else:
        messages.info(request, _("You are already observing %(name)s. No further code has been used.") % name)
    return redirect("observees")


class RemoveObservee(PlainPage, ConfirmPage):
    """Stop observing somebody, after asking."""

    template = "pairing/remove.html"
    done = _("You are no longer observing %(name)s.")

    def enter(self, student_id: int) -> None:
        links = ObservationLink.objects.live().select_related("student")
        self.link = get_object_or_404(links, observer=self.by, student=student_id)
        self.names["name"] = self.link.student.short_name

    def act(self) -> None:
        unlink(self.link, by=self.by)

    def then(self) -> str:
        return reverse("observees")

    def facts(self) -> dict[str, Any]:
        return {"link": self.link, "student": self.link.student, "stays": stays_after(self.link)}


class LeaveObservee(PlainPage, ConfirmPage):
    """Say why one observes this student, in which courses, and what stopping means; then stop it."""

    template = "pairing/leave.html"
    done = _("You are no longer observing %(name)s in individual courses.")

    def enter(self, student_id: int) -> None:
        self.student = get_object_or_404(User.objects.present(), pk=student_id)
        self.names["name"] = self.student.short_name
        self.courses = list(dict.fromkeys(each.section.course for each in observing_by_course(self.by, self.student)))
        # Pressing the button twice removes once, and reports success both times.
        again = self.request.method == "POST" and not self.courses and has_stopped(self.by, self.student)
        if not self.courses and not again:
            raise Http404

    def act(self) -> None:
        stop_observing(self.by, self.student)

    def then(self) -> str:
        return reverse("observees")

    def facts(self) -> dict[str, Any]:
        return {"student": self.student, "courses": self.courses}
