import pytest

from services.kit.client_file import Actor
from services.kit.config import PersonConfig
from services.kit.errors import NotAllowed, NotSignedIn
from services.kit.identity import DevelopmentSignIn, Identity, NoSignIn


class People:
    def identity(self, who: str) -> Identity:
        return {"heli": HELI}[who]

    def workers(self) -> list[PersonConfig]:
        return []


HELI = Identity("heli", "Heli Testinen", "workshop", ("activity_supervisor", "consent_clerk"))
JARI = Identity("jari", "Jari Testinen", "workshop", ("workshop_instructor",))
SIGN_IN = DevelopmentSignIn(People())


def test_one_acts_in_one_of_ones_roles() -> None:
    assert HELI.acting("consent_clerk") == Actor("heli", "Heli Testinen", "consent_clerk", "workshop")
    assert JARI.acting(None).role == "workshop_instructor", "the only one may be left out"


@pytest.mark.parametrize(
    ("who", "role", "code"),
    [(HELI, None, "say_in_which_role"), (HELI, "client", "not_your_role"), (JARI, "activity_supervisor", "not_your_role"), (JARI, "", "not_your_role")],
)
def test_in_no_other_role(who: Identity, role: str | None, code: str) -> None:
    with pytest.raises(NotAllowed) as refusal:
        who.acting(role)
    assert (refusal.value.code, refusal.value.field) == (code, "role")


def test_a_test_person_signs_in() -> None:
    assert SIGN_IN.identity("Development heli") == HELI


@pytest.mark.parametrize("header", [None, "", "heli", "Development", "Development ", "Development nobody", "Bearer heli", "development heli"])
def test_nobody_else_does(header: str | None) -> None:
    with pytest.raises(NotSignedIn):
        SIGN_IN.identity(header)


@pytest.mark.parametrize("header", [None, "Development heli", "Bearer heli"])
def test_outside_development_mode_nobody_does(header: str | None) -> None:
    with pytest.raises(NotSignedIn):
        NoSignIn().identity(header)
