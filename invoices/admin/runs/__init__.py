"""The pages of billing runs and their schedules."""
