"""What is stored by organisations that run apart, looked at as a whole."""

from services.kit.bootstrap import Platform
from services.kit.check import Finding, check
from services.kit.clock import StoryClock
from services.kit.servers import Servers
from tests.nodes import Town


def findings(there: Town) -> list[Finding]:
    """Whatever of the invariants does not hold (``palvelupolku check``), of all organisations and the authority together."""
    places = Servers(there.kafka, there.databases, there.secrets)
    platform = Platform(there.folder, there.installation, StoryClock(there.clock_file), beside_another=True, places=places)
    try:
        return check(platform).findings
    finally:
        platform.close()
