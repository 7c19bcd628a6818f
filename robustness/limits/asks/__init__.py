"""What a limit can ask, a file each."""
