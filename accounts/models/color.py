"""The colors that people give to what they look at."""

from django.db import models

from accounts.models.user import User


class Color(models.Model):
    """The color in which one person is shown a course, a person or an account."""

    user = models.ForeignKey(User, models.CASCADE, related_name="colors")
    # As Canvas writes it: `course_12`, `user_7`.
    asset = models.CharField(max_length=40)
    # Six hexadecimal digits, with #.
    hexcode = models.CharField(max_length=7)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "asset"], name="one_color_of_a_thing"),
            models.CheckConstraint(condition=models.Q(hexcode__regex="^#[0-9a-f]{6}$"), name="color_is_a_hexcode"),
        ]

    def __str__(self) -> str:
        return f"{self.asset}: {self.hexcode}"
