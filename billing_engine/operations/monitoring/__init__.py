"""How the engine is watched while it runs: its log, its metrics, and what it tells Sentry and OpenTelemetry."""
