"""The metric registry and what is made of it: instruments, traces and logs."""
