"""From a case to predictions, and the store of past results."""
