"""Its being here puts this folder on `sys.path`, so that all tests can import `builders`."""
