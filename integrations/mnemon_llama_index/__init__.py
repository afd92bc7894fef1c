"""mnemon for LlamaIndex."""
