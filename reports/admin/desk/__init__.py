"""The two desks on the front page: what Operations and Finance see, each figure with its definition and its rows."""
