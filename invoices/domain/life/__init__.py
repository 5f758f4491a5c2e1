"""An invoice from approval to issue, and what undoes it."""
