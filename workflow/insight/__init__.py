"""What the record of proposals says about the work on them: for operations leaders, approvers and evals."""
