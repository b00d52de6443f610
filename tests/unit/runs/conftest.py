"""The reference chat's signatures, and programs of it that were executed in the mind only."""

import pytest

from isofuzz.target.signatures import Signatures, read_signatures
from isofuzz_packs.chat import Chat


@pytest.fixture(scope="session")
def signatures() -> Signatures:
    return read_signatures(Chat)
