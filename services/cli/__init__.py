"""The command line ``palvelupolku``."""
