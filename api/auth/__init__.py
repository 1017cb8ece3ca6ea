"""Who is calling: sign-in links, cookie sessions, bearer tokens, and what a route asks of its caller."""
