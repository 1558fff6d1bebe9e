"""One module a rule: read inputs, call the library, write outputs."""
