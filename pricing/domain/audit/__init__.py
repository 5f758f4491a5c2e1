"""Why a charge is what it is, and the proof of a closed period."""
