"""The authority: consents, keys, and who a client is."""

from services.client.authority.domain import feature

__all__ = ["feature"]
