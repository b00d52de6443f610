"""The program of the sweep that is compared: two users let each other in, and a third has nothing to do with them.

So for each of them there is something that is none of their business, and everything that the target offers is done by
somebody while others look on.
"""

from dataclasses import replace

from isofuzz.engine.prologue import crowd
from isofuzz.program.vocabulary import GIVING, TAKING, Operation
from isofuzz.runs.draft import Draft, Exercise, reads
from isofuzz.target.signatures import Signatures

_USERS = 3


def looking_on(signatures: Signatures) -> Exercise:
    """Everything that can be done by one who shares and by one who does not; everyone reads before and after."""
    draft = Draft(signatures, share=False, names=crowd((), _USERS))
    owner, *_, stranger = (*draft.sessions, None, None)
    draft.all_who(reads, *draft.sessions)
    draft.all_who(_neither_gives_nor_takes, owner, stranger)
    draft.all_who(_gives, owner)
    draft.all_who(reads, *draft.sessions)
    for operation in filter(_takes, signatures.vocabulary.operations):
        for actor in range(0, _USERS, _USERS - 1):
            draft.equip(share=False)
            draft.do(operation, draft.sessions[actor] if actor < len(draft.sessions) else None)
    draft.equip(share=False)
    return replace(draft.finished("everything that can be done, while others look on"), compare=True)


def _gives(operation: Operation) -> bool:
    return any(parameter.effect in GIVING for parameter in operation.parameters)


def _takes(operation: Operation) -> bool:
    return not _gives(operation) and any(parameter.effect in TAKING for parameter in operation.parameters)


def _neither_gives_nor_takes(operation: Operation) -> bool:
    return not (_gives(operation) or _takes(operation) or reads(operation))
