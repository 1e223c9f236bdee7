"""What a step does: an act of the player's own, an organisation's command or, for a clerk, one of the authority's."""

from services.kit.bootstrap import Platform
from services.kit.command import Command
from services.kit.errors import Unknown
from services.kit.organisation import Organisation

REGISTER = "register_client"
OPEN = "open_path"
CLERK = "consent_clerk"


def command_of(platform: Platform, organisation: Organisation, name: str) -> tuple[Organisation, type[Command]]:
    """Where the command is executed and its class. Raises ``Unknown``."""
    for target in (organisation, platform.home):
        command = target.features.commands.get(name)
        if command is not None and (target is organisation or CLERK in command.roles):
            return target, command
    raise Unknown("unknown_command", "do")


def known_acts(platform: Platform, organisation: Organisation) -> list[str]:
    """Every act that a person of the organisation can be told to do."""
    lent = {n for n, c in platform.home.features.commands.items() if CLERK in c.roles & set(organisation.config.roles)}
    own = {OPEN} if organisation is platform.home else {OPEN, REGISTER}
    return sorted({*own, *lent, *organisation.features.commands})
