"""The bench behind `make compare-sloth`: one history, the rules of two generators, and plain arithmetic beside both."""
