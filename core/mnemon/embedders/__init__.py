"""Sources of vectors: each implements `mnemon.protocols.embedder.Embedder`."""
