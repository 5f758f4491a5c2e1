"""Actions without a price: their list, and their causes, each priced by one rule or by a draft per product."""
