"""The sub-commands of `billing`, one module each: its arguments, what it does, and what it prints."""
