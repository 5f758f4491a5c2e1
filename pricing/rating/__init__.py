"""What an action costs: one pure function over plain values, standard library only.

Billing, re-rating, reports and explanations all call it; there is no second copy of the price logic.
"""
