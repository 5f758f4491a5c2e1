"""Answers as people read them: tables, charts, and the narrower question behind a figure."""
