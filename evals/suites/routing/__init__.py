"""The routing suite: which tool, with which arguments, a project manager's sentence leads to."""
