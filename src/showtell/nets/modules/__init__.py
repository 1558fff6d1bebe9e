"""Networks as torch modules: apart from the named parts, whose discovery imports no torch."""
