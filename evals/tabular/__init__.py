"""What the suites of tables share: the firms they are measured on, pinned models, and figures of rows."""
