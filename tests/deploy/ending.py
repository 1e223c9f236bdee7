"""How long a process may take to end in order, by what its parts wait for at most."""

from events.postgres import listener
from services.kit import loops
from services.kit.settings import Settings
from services.kit.telemetry.setup import FLUSH_MILLISECONDS
from services.kit.web.installation import FINISH_SECONDS


def ends_within() -> float:
    """Requests, loops, the listener, who still asks the log and who appends to it, traces and figures; seconds."""
    log = Settings.model_fields["kafka_timeout"].default
    return FINISH_SECONDS + loops.STOP_SECONDS + listener.STOP_SECONDS + 2 * log + 2 * FLUSH_MILLISECONDS / 1000
