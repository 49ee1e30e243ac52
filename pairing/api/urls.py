"""The API of the pairing app."""

from django.urls import path

from accounts.api.endpoints import methods
from courses.api import people
from pairing.api import codes, observees, users

USER = "users/<str:user_id>"

urlpatterns = [
    path(f"{USER}/observer_pairing_codes", methods(POST=codes.create)),
    path(f"{USER}/observees", methods(GET=observees.index, POST=observees.create)),
    path(
        f"{USER}/observees/<str:observee_id>",
        methods(GET=observees.show, PUT=observees.add, DELETE=observees.remove),
    ),
    path(f"{USER}/observers", methods(GET=observees.index_of_observers)),
    path(f"{USER}/observers/<str:observer_id>", methods(GET=observees.show_observer)),
    # One path: the courses app reads accounts, the pairing app creates them.
    path("accounts/<str:account_id>/users", methods(GET=people.index_of_account, POST=users.create)),
    path("accounts/<str:account_id>/users/<str:user_id>", methods(DELETE=users.remove)),
]
