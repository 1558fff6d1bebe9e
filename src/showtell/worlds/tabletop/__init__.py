"""The table-top tasks of HOLD: two of RLV, three of DVD."""
