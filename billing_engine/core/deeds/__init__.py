"""The deed log: who did what, on what, when, from where, and why; one row per deed, in its transaction."""
