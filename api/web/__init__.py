"""The pages: rendered on the server, made lively by a little script of our own."""
