"""Consent: who may have what, at publish and at read; keys, the only door out, disclosures."""
