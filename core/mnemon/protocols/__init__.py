"""What the engine asks of what stands around it."""
