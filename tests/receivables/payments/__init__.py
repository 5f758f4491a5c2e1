"""Payments, write-offs and bank files."""
