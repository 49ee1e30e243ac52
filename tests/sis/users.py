"""People of a roster by the SIS id, and the header of the shortest users.csv."""

from accounts.models import User

HEADER = "user_id,login_id,status"


def user(sis_id: str = "U1") -> User:
    return User.objects.get(sis_user_id=sis_id)
