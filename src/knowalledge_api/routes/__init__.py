"""One blueprint a resource: parse, call a service, answer."""
