"""Predictive models: pure `fit` and `predict` over data frames, no SQL, no HTTP, no language model."""
