"""What is handed to a CI server: GitHub's annotations and job summary, and properties for JUnit XML."""
