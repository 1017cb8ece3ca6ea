"""A process that signs whatever waits for anybody, to be killed: `chaos_decider.py DSNS BACKLOG`.

Several of them race for the same proposals. Each waits while more than BACKLOG writes are open."""

import json
import random
import sys
import time
from contextlib import suppress

from store.db import Database
from tests.workflow.firm import principal
from workflow.errors import Refusal
from workflow.service import Workflow

SIGNERS = ("paula", "rita", "leo", "amir", "dora", "fay")


def main(dsns: str, backlog: str) -> None:
    workflow, chance = Workflow(Database(json.loads(dsns))), random.Random()
    while True:
        signer = principal(chance.choice(SIGNERS))
        open_ones = workflow.inbox(principal("audrey"), box="all", states=["approved"], limit=int(backlog))
        waiting = workflow.inbox(signer, box="mine", limit=20).items
        if not waiting or open_ones.after:
            time.sleep(0.2)
            continue
        for line in chance.sample(waiting, min(5, len(waiting))):
            with suppress(Refusal):  # another one was faster
                read = workflow.card(signer, line.proposal_id)
                workflow.decide(
                    signer,
                    line.proposal_id,
                    content_hash=read.content_hash,
                    verdict="approve",
                    reason="It is right.",
                )


if __name__ == "__main__":
    main(*sys.argv[1:])
