"""Kafka's jars, fetched once from Maven Central by the coordinates in ``pom.xml``, and the ``java`` that runs them."""

import fcntl
import hashlib
import shutil
import subprocess
from pathlib import Path

from deploy.local.processes import ServerFailed

HERE = Path(__file__).parent
POM = HERE / "pom.xml"
CACHE = HERE / "lib"
FETCH_SECONDS = 300


def command(name: str, package: str) -> str:
    """The path of a command. Raises ServerFailed, naming Debian's package, if there is none."""
    found = shutil.which(name)
    if found is None:
        raise ServerFailed(
            f"There is no {name}, which a local Kafka needs: `make needs`, or apt-get install {package}."
        )
    return found


def java() -> str:
    return command("java", "default-jre-headless")


def fetched() -> Path:
    """The folder of the jars, fetched unless they are there. Raises ServerFailed."""
    coordinates = hashlib.sha256(POM.read_bytes()).hexdigest()
    CACHE.mkdir(exist_ok=True)
    folder, new = CACHE / coordinates[:12], CACHE / "new"
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test processes may want them at once
        if not folder.exists():
            _fetch(new)
            new.rename(folder)
    return folder


def _fetch(folder: Path) -> None:
    mvn = command("mvn", "maven")
    shutil.rmtree(folder, ignore_errors=True)
    copy = [mvn, "-q", "-B", "-f", str(POM), "dependency:copy-dependencies", "-DincludeScope=runtime"]
    try:
        done = subprocess.run(
            [*copy, f"-DoutputDirectory={folder}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=FETCH_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ServerFailed(f"Kafka's jars did not come from Maven Central within {FETCH_SECONDS} s.") from None
    if done.returncode != 0:
        raise ServerFailed("Kafka's jars cannot be had from Maven Central. Maven said:\n" + done.stdout[-2000:].strip())
