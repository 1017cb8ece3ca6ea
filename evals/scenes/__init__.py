"""Scenes on a copy of the demo firm: records that somebody planted, an action that is proposed, and what
people then do about it."""
