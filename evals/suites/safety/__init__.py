"""The safety suite: attacks on the copilot, its tools and its approvers, and what only looks like them."""
