"""Reports over millions of charges, beside the same questions asked of the charges themselves."""
