"""The parts of an invoice's paper: its lines by action, what is counted, how to pay, and what a void copy says."""
