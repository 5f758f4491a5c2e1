"""Read workbooks in a process of their own, with bounds on memory and time, so that workers stay small.

The process holds the whole sheet in memory and writes it row by row into a temporary file, which the reader streams. What it
imports must not import Django.
"""
