"""The weights and the vocabulary of all-MiniLM-L6-v2, as data.

Source: sentence-transformers/all-MiniLM-L6-v2, Apache-2.0; see NOTICE. `tokenizer.json` is the
published file; `model.int8.onnx` is made from the published float32 weights by
`tests/models/minilm/convert.py`, byte for byte as SHA256SUMS says.
"""
