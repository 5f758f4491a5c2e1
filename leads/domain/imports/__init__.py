"""Imports of files that people upload: dry run, import, stop, resume and undo."""
