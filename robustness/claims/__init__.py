"""A kind of promise: what a study says comes out as declared."""
