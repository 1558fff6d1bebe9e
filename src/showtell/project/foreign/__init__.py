"""Private formats of other tools, one module a tool: a change in one breaks its one test."""
