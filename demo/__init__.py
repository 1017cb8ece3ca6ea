"""The demo firm: generated data with planted ground truth, and the day that is played on it."""
