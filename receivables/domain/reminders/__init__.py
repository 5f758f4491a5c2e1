"""Remind customers of what they owe: who, of what, by which level; nothing is charged for it."""
