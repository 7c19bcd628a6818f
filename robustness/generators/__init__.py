"""A kind of promise: the marks of generated images."""
