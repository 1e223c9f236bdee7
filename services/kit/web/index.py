"""The first page: which organisations there are and where their addresses are told. Made here, nothing loaded."""

from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from html import escape

from services.kit.bootstrap import Platform
from services.kit.config import PersonConfig

STYLE = (
    "body{font:1.05rem/1.6 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem;color:#222}"
    "h1{font-weight:600}h2{font-size:1.15rem;margin-top:2rem}pre{background:#f3f3f0;padding:1rem;overflow-x:auto}"
    "a{color:#0b4f8a}table{border-collapse:collapse}td,th{text-align:left;padding:.2rem 1.2rem .2rem 0}"
)
POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def index_page(platform: Platform, people: Iterable[PersonConfig]) -> str:
    """HTML. ``people`` are the test people; none outside development mode."""
    name, people = escape(platform.installation.name), list(people)
    return f"""<!doctype html>
<html lang="fi">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Palvelupolku – {name}</title>
<style>{STYLE}</style></head>
<body>
<h1>Palvelupolku – {name}</h1>
<p>Yksi polku asiakkaan palveluista. Jokaisella organisaatiolla on oma rajapintansa; toisen tietoja se näkee vain
asiakkaan suostumuksella.</p>
<p lang="sv">En gemensam stig genom klientens tjänster. Varje organisation har sitt eget gränssnitt och ser andras
uppgifter bara med klientens samtycke.</p>
<p lang="en">One path through a client's services. Each organisation has an API of its own and sees what is others' only
with the client's consent.</p>
<h2>Organisaatiot</h2>
<ul>{"".join(_organisation(o.id, o.config.name) for o in platform.organisations.values())}</ul>
{_people(people) if people else ""}
<p>Tila: <a href="healthz">healthz</a>, <a href="readyz">readyz</a></p>
</body>
</html>
"""


def _organisation(organisation: str, name: str) -> str:
    address = f"{escape(organisation)}/openapi.json"
    return f'<li>{escape(name)}: <a href="{address}">{address}</a></li>'


def _people(people: list[PersonConfig]) -> str:
    rows = "".join(
        f"<tr><td>{escape(p.id)}</td><td>{escape(p.name)}</td><td>{escape(p.organisation)}</td>"
        f"<td>{escape(', '.join(p.roles))}</td></tr>"
        for p in people
    )
    first = people[0]
    who = f'-H "Authorization: Development {first.id}" -H "X-Role: {first.roles[0]}"'
    command = f"curl {who} \\\n  ADDRESS/{first.organisation}/clients"
    return f"""<h2>Testihenkilöt (kehitystila)</h2>
<table><tr><th>Tunnus</th><th>Nimi</th><th>Organisaatio</th><th>Roolit</th></tr>{rows}</table>
<p>Asiakas kirjautuu omalla viitteellään (<code>client_ref</code>), jonka organisaatio saa, kun se ottaa asiakkaan
rekisteriinsä. Esimerkki, jossa ADDRESS on tämän sivun osoite:</p>
<pre>{escape(command)}</pre>"""
