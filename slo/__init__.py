"""Service level objectives: from an OpenSLO document to burn-rate rules, their tests and predictions."""
