"""The report of a run as one HTML file: pictures drawn by code, a table behind each."""
