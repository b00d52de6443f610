"""The zoo: leaks that can be planted in the chat, one at a time.

Each is a mistake that teams have made; `leak_class` is its number in the catalogue of real isolation failures.
"""

from dataclasses import dataclass
from enum import StrEnum


class Defect(StrEnum):
    """A planted leak, by the name under which it is chosen."""

    LIST_WITHOUT_OWNER = "list-without-owner"
    DELETE_WITHOUT_OWNER = "delete-without-owner"
    WRONG_PARENT = "wrong-parent"
    SEARCH_UNFILTERED = "search-unfiltered"
    COUNT_UNFILTERED = "count-unfiltered"
    AUTHOR_MASS_ASSIGNED = "author-mass-assigned"
    FOREIGN_PARENT = "foreign-parent"
    MEMBERSHIP_CACHED = "membership-cached"
    LIKE_WILDCARD = "like-wildcard"
    SLUG_TAKEN = "slug-taken"
    SUBSCRIPTION_OUTLIVES_KICK = "subscription-outlives-kick"
    PRESENCE_TO_ALL = "presence-to-all"
    SEQ_ACROSS_THREADS = "seq-across-threads"
    SHARE_TO_ALL = "share-to-all"


@dataclass(frozen=True)
class Description:
    """What goes wrong, for the person who reads the list of defects."""

    leak_class: int
    sentence: str


DESCRIPTIONS = {
    Defect.LIST_WITHOUT_OWNER: Description(
        1, "Listing threads runs with the rights of the service, so everyone's titles are listed."
    ),
    Defect.DELETE_WITHOUT_OWNER: Description(
        2, "Deleting a message takes it by its id and asks for no right, so anybody deletes anybody's."
    ),
    Defect.WRONG_PARENT: Description(
        4, "Editing a message checks the thread that is named, not that the message is in it, so any can be changed."
    ),
    Defect.SEARCH_UNFILTERED: Description(
        5, "Search runs with the rights of the service, so it finds messages of threads one is not a member of."
    ),
    Defect.COUNT_UNFILTERED: Description(
        7, "The threads are counted with the rights of the service, so the total tells how many all others have."
    ),
    Defect.AUTHOR_MASS_ASSIGNED: Description(
        9, "The author that a quote names becomes the author of the message, so one writes in another's name."
    ),
    Defect.FOREIGN_PARENT: Description(
        11, "A quote may refer to a message of any thread, which tells whether it exists and when it is deleted."
    ),
    Defect.MEMBERSHIP_CACHED: Description(
        15, "Who was kicked is remembered and an invitation does not clear that, so one who is back is refused."
    ),
    Defect.LIKE_WILDCARD: Description(
        20, "A thread is looked up with LIKE, so a user name or slug with % or _ opens another user's thread."
    ),
    Defect.SLUG_TAKEN: Description(
        40, "Slugs are unique across users, so a refusal tells that another has a thread of that slug."
    ),
    Defect.SUBSCRIPTION_OUTLIVES_KICK: Description(
        61, "Membership is checked on subscribing only, so one who is kicked keeps receiving messages."
    ),
    Defect.PRESENCE_TO_ALL: Description(
        65, "That somebody joined and that a message was deleted is pushed to every connection."
    ),
    Defect.SEQ_ACROSS_THREADS: Description(
        66, "Messages are numbered across all threads, so the gaps tell how much is written elsewhere."
    ),
    Defect.SHARE_TO_ALL: Description(
        67, "Sharing pushes old and new title to old and new members, so each learns the one that is not theirs."
    ),
}
