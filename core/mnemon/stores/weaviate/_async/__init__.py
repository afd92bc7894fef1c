"""The store's input and output, written once; the twin beside it is generated."""
