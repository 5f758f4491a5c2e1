"""What an action costs: one pure function over plain values, standard library only.

Billing, re-rating, reports and explanations all call it; the price logic exists only once.
"""

from pricing.rating import compiled

WHY_PURE = compiled.use()  # why plain Python runs; "" if compiled code does
IS_COMPILED = not WHY_PURE
