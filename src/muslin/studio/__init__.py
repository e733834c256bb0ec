"""The studio: a local web service with real jobs behind a designer's page."""
