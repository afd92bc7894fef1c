"""mnemon for Agent Framework."""
