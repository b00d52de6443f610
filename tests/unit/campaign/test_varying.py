"""Variations of programs are programs: what they refer to comes before, and what has to be the actor's own stays so."""

import random
from itertools import islice

import pytest

from isofuzz.campaign.varying import inserted, overlapped, rescheduled, spliced, varied
from isofuzz.cases.codec import program_from_json, program_to_json
from isofuzz.program.steps import Program
from isofuzz.runs.sweep import sweep
from isofuzz.target.signatures import read_signatures
from isofuzz_packs.chat import Chat

SIGNATURES = read_signatures(Chat)
VOCABULARY = SIGNATURES.vocabulary
CORPUS = [exercise.program for exercise in islice(sweep(SIGNATURES), 0, None, 9)]


@pytest.mark.parametrize("seed", range(60))
def test_they_are_well_formed(seed: int) -> None:
    """The reader of cases refuses a program in which a step refers to one that does not come before it."""
    draw = random.Random(seed)
    program = draw.choice(CORPUS)
    for variation in (
        spliced(program, draw.choice(CORPUS), draw),
        inserted(program, VOCABULARY, draw),
        overlapped(program, VOCABULARY, draw),
        rescheduled(program, draw),
    ):
        assert program_from_json(program_to_json(variation)) == variation
        for burst in variation.bursts:
            made = {call.number for call in burst.calls}
            assert not any(ref.step in made for call in burst.calls for ref in call.references())


def test_what_is_the_actors_own_stays_so() -> None:
    """Sockets and sessions are not exchanged: a target does not have to defend itself against its own adapter."""
    for seed in range(100):
        draw = random.Random(seed)
        program = draw.choice([each for each in CORPUS if len(each) < 60])
        [new] = [call for call in inserted(program, VOCABULARY, draw).calls if call.number not in program.numbers]
        originals = [call for call in program.calls if call.operation == new.operation]
        own = {
            parameter.name
            for parameter in VOCABULARY.operation(new.operation).parameters
            if parameter.type in ("Sock", "Me")
        }
        assert any(all(new.arguments[name] == call.arguments[name] for name in own) for call in originals)


def test_the_same_seed_gives_the_same_programs() -> None:
    def first(seed: str) -> list[Program]:
        return list(islice(varied(CORPUS, SIGNATURES, seed, 1000), 10))

    assert first("a") == first("a") != first("b")
    assert list(varied(CORPUS, SIGNATURES, "a", 0)) == []
