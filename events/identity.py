"""``identity``: an introduction, sealed, when a referral needs it."""

from events.envelope import Ref, Says

CATEGORY = "identity"


class ClientIntroduced(Says, frozen=True, kw_only=True):
    """The client is made known to one organisation.

    The sender's file holds only ``register_entry``, a reference to its client register; release fills
    in ``full_name``, ``hetu`` and ``language`` for the recipient, which keeps them in its own register.
    """

    to: str
    referral: Ref | None = None
    register_entry: str
    full_name: str | None = None
    hetu: str | None = None
    language: str | None = None
