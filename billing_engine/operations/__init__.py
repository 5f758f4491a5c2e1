"""Running and monitoring the processes: health, beat, logs, metrics, database stalls."""
