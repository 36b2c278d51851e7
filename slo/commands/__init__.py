"""One module a sub-command: `configure` names its arguments, `run` does it and answers with the exit code."""
