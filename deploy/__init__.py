"""What turns the parts into a running deployment."""
