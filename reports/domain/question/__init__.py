"""A question to the explorer: what to show, of which days, by what; read from an address and written to one."""
