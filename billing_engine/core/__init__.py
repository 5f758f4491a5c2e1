"""The floor: what every storey stands on, and what imports nobody of ours."""
