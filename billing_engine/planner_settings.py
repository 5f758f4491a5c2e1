"""How PostgreSQL's planner weighs its ways; said by every connection of ours and by the servers that we configure."""

PLANNER: dict[str, str] = {
    # Pages come from memory or from an SSD. At the stock 4.0, one customer's charges are found by reading those of all customers.
    "random_page_cost": "1.1",
    # The lists join up to eleven tables. Beyond the stock 8, they are joined as written, the largest ones first.
    "join_collapse_limit": "16",
    "from_collapse_limit": "16",
}
