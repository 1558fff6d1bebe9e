"""Charts, tables and filmstrips that any paper can use."""
