"""The studio over HTTP: routes, their schemas, errors, events and what guards them."""
