"""The JSON API: one application for each organisation, and one that holds them all."""

from services.kit.web.installation import platform_app, serve
from services.kit.web.organisation import organisation_app

__all__ = ["organisation_app", "platform_app", "serve"]
