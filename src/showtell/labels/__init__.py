"""Labels by people: what is shown, how clicks are kept, and the tables that are made of them."""
