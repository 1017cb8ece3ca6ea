"""Text: sentence embeddings, documents and their clauses."""
