"""Named systems: the paper's, each built from a contact and a substance."""
