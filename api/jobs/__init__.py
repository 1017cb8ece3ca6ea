"""What runs on a clock or takes long: reports, fitting, sweeps, the effect ledger."""
