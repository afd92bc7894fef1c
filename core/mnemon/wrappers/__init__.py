"""One concern each around any store or file."""
