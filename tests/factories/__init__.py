"""Rows for tests: each factory creates a valid and minimal one."""
