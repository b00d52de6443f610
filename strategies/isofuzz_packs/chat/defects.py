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
    EXPORT_BUFFER_SHARED = "export-buffer-shared"
    ROLE_KEPT = "role-kept"
    EXPORT_TABLE_KEPT = "export-table-kept"
    FRESH_UNSTAMPED = "fresh-unstamped"
    LOCK_STRANDED = "lock-stranded"
    REPLY_LEFT_BEHIND = "reply-left-behind"
    CURRENT_USER_GLOBAL = "current-user-global"
    CALLER_KEPT = "caller-kept"
    LIST_KEPT_ON_SERVICE = "list-kept-on-service"
    REPLY_BY_REQUEST_ID = "reply-by-request-id"
    RESULTS_LINED_UP = "results-lined-up"
    SUBSCRIBE_OUT_OF_TURN = "subscribe-out-of-turn"


class Need(StrEnum):
    """What a program must have for a leak to show, beside the right operations."""

    OVERLAP = "operations that overlap"
    FAULT = "an operation that is cancelled while it runs"
    REUSE = "a pooled connection that is used again"


@dataclass(frozen=True)
class Description:
    """What goes wrong, for the person who reads the list of defects."""

    leak_class: int
    sentence: str
    needs: frozenset[Need] = frozenset()


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
    Defect.EXPORT_BUFFER_SHARED: Description(
        12,
        "Exports are collected in one list for all, so two that overlap get each other's messages.",
        frozenset({Need.OVERLAP}),
    ),
    Defect.ROLE_KEPT: Description(
        28,
        "The role of the service is taken on for good, so whoever uses that connection next reads everything.",
        frozenset({Need.REUSE}),
    ),
    Defect.EXPORT_TABLE_KEPT: Description(
        29,
        "Exports are collected in a temporary table that stays, so the next one on that connection has them too.",
        frozenset({Need.REUSE}),
    ),
    Defect.FRESH_UNSTAMPED: Description(
        30,
        "A connection that is opened on demand is not told who asks, so what is read over it is everybody's.",
        frozenset({Need.OVERLAP}),
    ),
    Defect.LOCK_STRANDED: Description(
        31,
        "A thread is read under a lock that stays with the connection if that is refused, which locks its members out.",
        frozenset({Need.REUSE, Need.OVERLAP}),
    ),
    Defect.REPLY_LEFT_BEHIND: Description(
        32,
        "A connection to the cache goes on in use with the reply to a cancelled command, which the next user gets.",
        frozenset({Need.FAULT, Need.REUSE}),
    ),
    Defect.CURRENT_USER_GLOBAL: Description(
        42,
        "Who asks is kept where the next to ask overwrites it, so of two at once one is taken for the other.",
        frozenset({Need.OVERLAP}),
    ),
    Defect.CALLER_KEPT: Description(
        43,
        "Texts about users are stored by a task that acts for whoever had it started, also for those who come later.",
        frozenset({Need.OVERLAP}),
    ),
    Defect.LIST_KEPT_ON_SERVICE: Description(
        46,
        "The listed threads are kept on the one object that lists for all, while they are being counted.",
        frozenset({Need.OVERLAP}),
    ),
    Defect.REPLY_BY_REQUEST_ID: Description(
        56,
        "A reply goes to the connection that used the request's id last, so two users who use equal ones swap replies.",
        frozenset({Need.OVERLAP}),
    ),
    Defect.RESULTS_LINED_UP: Description(
        57,
        "Pages that are read at once are handed out in the order in which they come, not to whom they are for.",
        frozenset({Need.OVERLAP}),
    ),
    Defect.SUBSCRIBE_OUT_OF_TURN: Description(
        62,
        "Who is in a thread is looked up on subscribing, and taken for true though a kick may have come in between.",
        frozenset({Need.OVERLAP}),
    ),
}
