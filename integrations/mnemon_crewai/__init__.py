"""mnemon for CrewAI."""
