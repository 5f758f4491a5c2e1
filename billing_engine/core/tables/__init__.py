"""Read and write tables as CSV and XLSX."""
