"""What adapters share: policy and plumbing that two of them need, and no framework."""
