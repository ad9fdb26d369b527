"""How right the networks are."""
