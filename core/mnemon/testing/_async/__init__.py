"""The promises of a store as tests, written once; the twin beside it is generated."""
