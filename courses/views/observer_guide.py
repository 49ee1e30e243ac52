"""The page that tells what an observer sees."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render

from accounts.models import Account
from accounts.web.requests import AuthenticatedHttpRequest
from accounts.web.site import site_of
from courses.domain.observer_guide import guide


@login_required
def show(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show what observers of this institution see, row by row."""
    site_of(request)
    return render(request, "courses/observer_guide.html", {"guide": guide(Account.objects.root())})
