"""How a study is run: tasks, workers, clusters, folders and part files."""
