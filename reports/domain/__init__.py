"""What reports decide: what can be asked and how, which files are written, and what is saved, mailed and alerted."""
