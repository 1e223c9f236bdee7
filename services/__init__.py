"""The organisations' services: a package per kind, a folder per feature."""
