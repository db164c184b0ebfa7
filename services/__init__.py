"""Local database servers in private folders: started, proven to be ours, stopped exactly."""
