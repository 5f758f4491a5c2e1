"""Mappings of sources: how a sender's own records become leads, by which revision, and how a new one is written."""
