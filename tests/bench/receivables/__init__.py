"""Ageing and statements of many customers."""
