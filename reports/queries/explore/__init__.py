"""Answers to the explorer's questions."""
