"""What the image is made of: the wheel has in it all that the program needs, and the runtime lock all that it imports.

The wheel is installed beside exactly the distributions of ``requirements-runtime.txt`` and used from outside the source.
"""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.architecture.source import PACKAGES, ROOT
from tests.servers import fresh_database, postgres

STORY = ROOT / "deploy" / "scenarios" / "withdrawal.yaml"
PIN = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)


def pins(lock: str) -> set[tuple[str, str]]:
    return set(PIN.findall((ROOT / lock).read_text(encoding="utf-8")))


def needed(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[>=<~ ]", r)[0] for r in requirements}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], cwd=ROOT, check=True)
    (made,) = folder.iterdir()
    return made


class Installed:
    def __init__(self, folder: Path, wheel: Path):
        self.folder, self.site = folder, folder / "site"
        with ZipFile(wheel) as archive:
            archive.extractall(self.site)
        for name, _ in pins("requirements-runtime.txt"):
            self._link(name)

    def _link(self, name: str) -> None:
        try:
            files = distribution(name).files or []
        except PackageNotFoundError:  # for another system
            return
        for top in {f.parts[0] for f in files if f.parts[0] not in ("..", "__pycache__")}:
            target = Path(str(distribution(name).locate_file(top)))
            if not (self.site / top).exists():  # a folder may be shared by several
                (self.site / top).symlink_to(target)

    def run(self, *arguments: str, **environment: str) -> str:
        """As the image does: outside the source, with nothing of this environment."""
        code = "import sys; sys.argv[0] = 'palvelupolku'; from services.cli.main import app; app()"
        command = [sys.executable, "-S", "-c", code, *arguments]
        environment = {"PYTHONPATH": str(self.site), "PYTHONDONTWRITEBYTECODE": "1", "LANG": "C.UTF-8"} | environment
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    yield Installed(tmp_path_factory.mktemp("outside"), wheel)


def test_the_wheel_holds_the_packages_with_all_that_stands_in_them(wheel: Path) -> None:
    listed = subprocess.check_output(["git", "ls-files", *PACKAGES], cwd=ROOT, text=True).split()
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {name for name in listed if (ROOT / name).exists()} <= names
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)


def test_the_locks_pin_the_same_versions(wheel: Path) -> None:
    """After a change of dependencies: ``make lock``."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    runtime, build, everything = pins("requirements-runtime.txt"), pins("requirements-build.txt"), pins("requirements.txt")
    assert runtime <= everything and build <= everything
    assert needed(project["project"]["dependencies"]) <= {name for name, _ in runtime}
    assert needed(project["build-system"]["requires"]) <= {name for name, _ in build}
    assert {"pytest", "hypothesis", "mypy", "ruff", "hatchling"} & {name for name, _ in runtime} == set()


def test_a_story_is_played_outside_the_source(installed: Installed) -> None:
    """On the installation that goes with the program."""
    (installed.folder / "story.yaml").write_text(
        "".join(line for line in STORY.read_text(encoding="utf-8").splitlines(True) if not line.startswith("installation:"))
    )
    assert "Kaikki odotukset" in installed.run("play", "story.yaml")
    assert "orimattila-social" in installed.run("clients")
    assert "kaikki pitää" in installed.run("check")


def test_the_servers_commands_have_what_they_need(installed: Installed) -> None:
    assert "DATABASE_URL" in installed.run("settings", "--markdown")
    installation = installed.folder / "data" / "organisations.toml"
    with fresh_database(postgres()) as url:
        said = installed.run("migrate", "oma-polku", DATABASE_URL=url, INSTALLATION=str(installation))
    assert "authority 0001" in said
    assert "serve" in installed.run("--help")
