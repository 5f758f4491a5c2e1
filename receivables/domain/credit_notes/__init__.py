"""Credit notes: what an issued invoice has left to credit, drafts, approval and issue."""
