"""Labels by people: what raters are asked, how clicks are kept, and the tables of them."""
