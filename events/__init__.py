"""The published language: what organisations tell each other, and the shared log it travels on."""
