"""Programs over the engine."""
