"""The `chargehand` command line."""
