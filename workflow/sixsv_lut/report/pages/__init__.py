"""The pages of the report: one HTML file for each subject, with all that it needs inside."""
