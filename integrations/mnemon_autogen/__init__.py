"""mnemon for AutoGen."""
