"""What gave a user a right to a thing, and what took it away."""

from collections.abc import Iterable, Iterator

from isofuzz.history.acts import Act
from isofuzz.history.world import Thing
from isofuzz.program.vocabulary import Kind


def holders(thing: Thing) -> Iterator[Thing]:
    """The thing and the containers whose rights reach down to it."""
    for holder in thing.lineage():
        yield holder
        if holder.kind is Kind.THREAD and not holder.spec.public:
            return


def what_gave(thing: Thing, user: Thing) -> list[Act]:
    """What gave the user a right that reaches the thing, in order."""
    return in_order(right.given for holder in holders(thing) for right in holder.rights.get(user, ()))


def what_took(thing: Thing, user: Thing) -> list[Act]:
    """What took such a right away from the user, in order; what ended the thing for everybody is not among it."""
    ended = thing.ended_by()
    return in_order(act for holder in holders(thing) for act in holder.taken_from(user) if act not in ended)


def is_public(thing: Thing) -> bool:
    """Is it for everyone, or for everyone who may see its container?"""
    return any(holder.spec.public for holder in holders(thing))


def in_order(acts: Iterable[Act]) -> list[Act]:
    """The acts, each once, as they were begun."""
    return sorted(set(acts), key=lambda act: act.invoked)
