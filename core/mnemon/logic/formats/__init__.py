"""What other programs write: their memories and conversations as ours. Nothing here reads a file."""
