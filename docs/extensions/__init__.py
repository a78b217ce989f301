"""What turns the files of the repository into pages of the site."""
