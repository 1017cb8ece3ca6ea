"""Everything with a socket, a page or a clock."""
