"""The grammar of a study: parameters, grid and job specifications."""
