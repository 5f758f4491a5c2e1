"""What runs and watches the processes: health, beat, logs, metrics, database stalls."""
