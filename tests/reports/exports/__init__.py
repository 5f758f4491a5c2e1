"""Tests of the files that reports make."""
