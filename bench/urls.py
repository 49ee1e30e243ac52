"""The site's addresses, and those of the bare views."""

from django.urls import path

from bench import bare
from config.urls import urlpatterns as site

urlpatterns = [
    path("bench/redeem", bare.redeem),
    path("bench/observees/<int:observer_id>", bare.observees),
    path("bench/page/<int:observer_id>", bare.page),
    *site,
]
