"""What customers see and may do: doors only; what decides lies in the apps below."""
