"""How good the predictions are, beside a named baseline, on records whose truth is known."""
