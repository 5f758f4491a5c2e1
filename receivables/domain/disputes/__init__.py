"""Disputes: what customers don't want to pay, until finance decides."""
