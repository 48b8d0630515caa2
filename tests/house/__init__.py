"""Guards of the house: what nobody should have to remember."""
