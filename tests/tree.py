"""The account tree as `parent_id` alone tells it: what the kept ancestors are compared with."""

from accounts.models import Account


def ancestors_kept() -> dict[int, list[int]]:
    """By account, the ids of the accounts above it, the root first, as the database keeps them."""
    return dict(Account.objects.values_list("pk", "ancestors"))


def ancestors_walked() -> dict[int, list[int]]:
    """The same, found by going up from parent to parent."""
    parents = dict(Account.objects.values_list("pk", "parent"))

    def above(pk: int) -> list[int]:
        up = parents[pk]
        return [] if up is None else [*above(up), up]

    return {pk: above(pk) for pk in parents}
