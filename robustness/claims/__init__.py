"""What a study claims, put to the test."""
