"""Videos of a hand that handles things: drawn by code, in Something-Something v2's layout."""
