"""How names are taken apart, as Canvas does it."""


def sortable(name: str) -> str:
    """`"Ana Maria Diaz"` → `"Diaz, Ana Maria"`; a single word stays as it is."""
    first, _space, last = name.strip().rpartition(" ")
    return f"{last}, {first.strip()}" if first else last


def first_and_last(sortable_name: str) -> tuple[str, str]:
    """`"Diaz, Ana Maria"` → `("Ana Maria", "Diaz")`; without a comma all of it is the last name."""
    last, _comma, first = sortable_name.partition(",")
    return first.strip(), last.strip()


def first_name(name: str) -> str:
    """The first word of a name, or the name when it is one word."""
    return name.split()[0] if name.split() else name
