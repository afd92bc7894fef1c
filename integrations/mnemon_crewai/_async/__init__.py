"""What does I/O, written once."""
