"""What is kept between runs: where, written whole, with a digest and a version, and kept small."""
