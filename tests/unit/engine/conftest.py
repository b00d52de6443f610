"""The reference chat's vocabulary, to compose programs in."""

import pytest

from isofuzz.target.signatures import Signatures, read_signatures
from isofuzz_packs.chat import Chat


@pytest.fixture(scope="session")
def signatures() -> Signatures:
    return read_signatures(Chat)
