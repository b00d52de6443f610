"""An isolation test for the night: `pytest --hypothesis-profile isofuzz-nightly test_nightly.py`.

During the day it takes seconds, for then its profile is `dev` or `ci`.
"""

from isofuzz import isolation_test
from isofuzz_packs.chat import Chat  # your own target

TestIsolation = isolation_test(Chat)
