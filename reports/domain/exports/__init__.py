"""Exports: which reports can be files, who may have them, and the worker that writes the large ones."""
