"""Pure: records, actions, policy and access rules, errors, and the predictive models."""
