"""Monitoring: logs, metrics, Sentry and OpenTelemetry."""
