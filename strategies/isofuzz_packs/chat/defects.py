"""The zoo: leaks that can be planted in the chat, one at a time.

Each is a mistake that teams have made; `leak_class` is its number in the catalogue of real isolation failures.
"""

from dataclasses import dataclass
from enum import StrEnum


class Defect(StrEnum):
    """A planted leak, by the name under which it is chosen."""

    LIST_WITHOUT_OWNER = "list-without-owner"
    SEARCH_UNFILTERED = "search-unfiltered"
    LIKE_WILDCARD = "like-wildcard"
    SUBSCRIPTION_OUTLIVES_KICK = "subscription-outlives-kick"


@dataclass(frozen=True)
class Description:
    """What goes wrong, for the person who reads the list of defects."""

    leak_class: int
    sentence: str


DESCRIPTIONS = {
    Defect.LIST_WITHOUT_OWNER: Description(
        1, "Listing threads runs with the rights of the service, so everyone's titles are listed."
    ),
    Defect.SEARCH_UNFILTERED: Description(
        5, "Search runs with the rights of the service, so it finds messages of threads one is not a member of."
    ),
    Defect.LIKE_WILDCARD: Description(
        20, "A thread is looked up with LIKE, so a user name or slug with % or _ opens another user's thread."
    ),
    Defect.SUBSCRIPTION_OUTLIVES_KICK: Description(
        61, "Membership is checked on subscribing only, so one who is kicked keeps receiving messages."
    ),
}
