"""Saved reports and their schedules: the dialogs of the explorer, the lists and the pages."""
