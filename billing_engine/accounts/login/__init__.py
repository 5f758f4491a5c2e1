"""How staff log in: our answers to allauth's questions, its pages that we show, and sessions."""
