"""Runs are of the same cases where their hashes say so: in whichever process they were made."""

import os
import subprocess
import sys

PRINT = """
from evals.cases import Case, sha_of
class Sets(Case):
    words: frozenset[str]
print(sha_of([Sets(id="1", text="a", expected="b", words=frozenset("abcdefgh"))]))
"""


def test_the_hash_of_cases_is_the_same_in_every_process() -> None:
    def told(seed: str) -> str:
        environment = os.environ | {"PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, "-c", PRINT], env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    assert told("1") == told("2")
