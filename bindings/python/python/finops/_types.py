"""Types that stand for plain dicts; imported by type checkers only."""

from typing import TypedDict


class Apportioned(TypedDict):
    """Rounded rows that add up to the rounded total."""

    rows: dict[str, str]
    total: str
