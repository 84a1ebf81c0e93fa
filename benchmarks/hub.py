"""Try the recipe of `docs/hub.md`: a JupyterHub on this machine, two users, and a lesson of each at once.

    sudo /opt/hub/bin/python benchmarks/hub.py mara=1_classic_ml jonas=4_generative_model --out hub.json

It is run by root, with the Python of an environment that has jupyterhub, jupyterhub-idle-culler, the
packages of requirements.lock and the course as an installed package; `configurable-http-proxy` is on the
PATH. The users are Unix users of this machine with empty homes (`useradd --create-home`), and each server
runs under its user's name. The recipe's limits on processor time and memory are not enforced here, because
that takes systemd.

Each user types `course start`, opens the copy as a session with a kernel, and executes it cell by cell over
the kernel's websocket. Written are: seconds until a server is up, seconds of the lesson, peak memory of all
processes of a user, what a try to write into the installation and the data said, whether anything there was
changed, and when idle kernels and servers were gone.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import pwd
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
from jupyter_client.session import utcnow
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

import course_utils

RECIPE = Path(__file__).resolve().parent.parent / "docs" / "hub" / "jupyterhub_config.py"
BIN = Path(sys.executable).parent
PORT, TOKEN = 8765, secrets.token_hex(16)
HEADERS = {"Authorization": f"token {TOKEN}"}
SETTINGS = """
load_subconfig({recipe!r})
changed = {{"COURSE_DATA": {data!r}, "COURSE_PROFILE": {profile!r}, "JUPYTERHUB_ACTIVITY_INTERVAL": "10"}}
c.Spawner.environment.update(changed)
shorter = {{"timeout=1800": "timeout={idle}", "interval=60": "interval=5"}}
for old, new in shorter.items():
    c.Spawner.args = [each.replace(old, new) for each in c.Spawner.args]
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_port = {port} + 1
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{port_2}"
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = {token!r}
c.Authenticator.allowed_users = {users!r}
c.JupyterHub.activity_resolution = 1
c.JupyterHub.last_activity_interval = 10
cull = [{python!r}, "-m", "jupyterhub_idle_culler", "--timeout={server_idle}", "--cull-every=10"]
c.JupyterHub.services = [{{"name": "cull", "command": cull}}, {{"name": "trial", "api_token": {token!r}}}]
scopes = ["admin:users", "admin:servers", "access:servers", "list:users", "read:users:activity"]
c.JupyterHub.load_roles = [{{"name": "trial", "scopes": scopes, "services": ["trial", "cull"]}}]
"""


def main() -> None:
    """Start the hub, let both users work, and write what was measured."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("users", nargs="+", metavar="USER=NOTEBOOK")
    parser.add_argument("--profile", default="laptop", choices=("smoke", "laptop"))
    parser.add_argument("--idle", type=int, default=20, help="seconds after which an idle kernel goes")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    work = dict(pair.split("=") for pair in options.users)
    installation = Path(course_utils.__file__).parent
    with tempfile.TemporaryDirectory() as folder, hub(Path(folder), options, list(work)) as data:
        before = contents(installation), contents(data)
        measured = asyncio.run(everybody(work, options.idle, (installation, data)))
        unchanged = before == (contents(installation), contents(data))
    found = {"profile": options.profile, "nothing shared was written": unchanged, "users": measured}
    options.out.write_text(json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2))


@contextmanager
def hub(folder: Path, options: argparse.Namespace, users: list[str]) -> Iterator[Path]:
    """A running JupyterHub; gives the folder of shared data, which the administrator has prepared."""
    folder.chmod(0o755)
    data = folder / "data"
    command = [str(BIN / "course"), "data", "docstrings"]
    subprocess.run(command, env={**os.environ, "COURSE_DATA": str(data)}, check=True)
    settings = folder / "config.py"
    values = {"recipe": str(RECIPE), "data": str(data), "profile": options.profile, "idle": options.idle}
    values |= {
        "port": PORT,
        "port_2": PORT + 2,
        "token": TOKEN,
        "users": set(users),
        "python": sys.executable,
    }
    settings.write_text(SETTINGS.format(**values, server_idle=options.idle + 40))
    settings.chmod(0o600)
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
    log = (folder / "hub.log").open("w")
    process = subprocess.Popen(
        [str(BIN / "jupyterhub"), "-f", str(settings)], cwd=folder, env=environment, stdout=log, stderr=log
    )
    try:
        yield data
    except BaseException:
        print((folder / "hub.log").read_text()[-5000:], file=sys.stderr)
        raise
    finally:
        process.terminate()
        process.wait(60)


def contents(folder: Path) -> dict[str, tuple[int, int]]:
    """Size and time of change of each file below a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in files}


async def everybody(work: dict[str, str], idle: int, shared: tuple[Path, Path]) -> dict[str, Any]:
    """All users at once, while their memory is watched."""
    await answer("GET", "/hub/api/", patience=60)
    watch = asyncio.create_task(watched(found := {user: {"notebook": work[user]} for user in work}))
    await asyncio.gather(*(one(user, work[user], found[user], idle, shared) for user in work))
    watch.cancel()
    return found


async def watched(found: dict[str, dict[str, Any]]) -> None:
    """Keep the highest memory of all processes of each user, twice a second."""
    uids = {pwd.getpwnam(user).pw_uid: user for user in found}
    while True:
        now = dict.fromkeys(found, 0)
        for process in psutil.process_iter(["uids", "memory_info"]):
            uid = process.info["uids"].real if process.info["uids"] else None
            if uid in uids:
                now[uids[uid]] += process.info["memory_info"].rss
        for user, used in now.items():
            found[user]["peak memory, MB"] = max(found[user].get("peak memory, MB", 0), round(used / 1e6))
            found[user]["memory now, MB"] = round(used / 1e6)
        await asyncio.sleep(0.5)


async def one(user: str, name: str, found: dict[str, Any], idle: int, shared: tuple[Path, Path]) -> None:
    """What one student does, from the start of the server until it is culled."""
    started = time.monotonic()
    await answer("POST", f"/hub/api/users/{user}", {})
    await answer("POST", f"/hub/api/users/{user}/server", {})
    while not (await server_of(user)).get("ready"):
        await asyncio.sleep(0.2)
    await answer("GET", f"/user/{user}/api/status", patience=60)
    found["server up, s"] = round(time.monotonic() - started, 1)
    found["memory of the server alone, MB"] = found.get("memory now, MB")
    first = await opened(user, "Untitled.ipynb")
    found["course start"] = await shell(first, f"course start {name}")
    tries = [f"touch {folder}/x" for folder in shared]
    found["writing there"] = [await shell(first, command) for command in tries]
    path = f"put-to-the-test/work/{name}.ipynb"
    notebook = (await answer("GET", f"/user/{user}/api/contents/{path}"))["content"]
    started = time.monotonic()
    kernel = await opened(user, path)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            printed = await executed(kernel, cell["source"])
    found["lesson, s"] = round(time.monotonic() - started, 1)
    found["last words"] = printed.strip().split("\n")[-1]
    found["in the home"] = await shell(kernel, "cd && find . -newer .bashrc -name '*.json' -path '*results*'")
    await gone(user, found)


async def gone(user: str, found: dict[str, Any]) -> None:
    """Wait until the idle kernels, and then the server, are gone."""
    started = time.monotonic()
    found["memory after the lesson, MB"] = found["memory now, MB"]
    while (await server_of(user)).get("ready"):
        looking = "kernels gone after, s" not in found  # a question to the server counts as activity
        if looking and await answer("GET", f"/user/{user}/api/kernels") == []:
            found["kernels gone after, s"] = round(time.monotonic() - started)
            await asyncio.sleep(1.5)
            found["memory without kernels, MB"] = found["memory now, MB"]
        await asyncio.sleep(3)
    found["server gone after, s"] = round(time.monotonic() - started)


async def server_of(user: str) -> dict[str, Any]:
    """What the hub knows of a user's server."""
    return (await answer("GET", f"/hub/api/users/{user}"))["servers"].get("", {})


async def answer(method: str, path: str, body: object = None, patience: float = 0) -> Any:
    """What the hub, or a user's server behind it, answers."""
    until = time.monotonic() + patience
    text = None if body is None else json.dumps(body)
    request = HTTPRequest(f"http://127.0.0.1:{PORT}{path}", method, HEADERS, text, request_timeout=120)
    while True:
        try:
            got = (await AsyncHTTPClient().fetch(request)).body
            return json.loads(got) if got else None
        except (HTTPClientError, OSError) as error:
            if getattr(error, "code", None) == 409:  # is there already
                return None
            if time.monotonic() > until:
                raise
        await asyncio.sleep(0.2)


async def opened(user: str, path: str) -> WebSocketClientConnection:
    """A notebook's kernel, as JupyterLab opens it."""
    body = {"path": path, "name": "", "type": "notebook", "kernel": {"name": "python3"}}
    kernel = (await answer("POST", f"/user/{user}/api/sessions", body))["kernel"]["id"]
    address = f"ws://127.0.0.1:{PORT}/user/{user}/api/kernels/{kernel}/channels"
    return await websocket_connect(HTTPRequest(address, headers=HEADERS), max_message_size=2**28)


async def executed(kernel: WebSocketClientConnection, code: str) -> str:
    """Execute a cell; gives what it printed.

    Raises
    ------
    RuntimeError
        The cell failed.
    """
    header = {"msg_id": uuid4().hex, "msg_type": "execute_request", "username": "", "version": "5.3"}
    header |= {"session": uuid4().hex, "date": utcnow().isoformat()}
    content = {"code": code, "silent": False, "allow_stdin": False, "stop_on_error": True}
    message = {"channel": "shell", "header": header, "parent_header": {}, "metadata": {}, "content": content}
    await kernel.write_message(json.dumps(message))
    printed, replied, idle = "", False, False
    while not (replied and idle):
        got = json.loads(await kernel.read_message())
        if got["parent_header"].get("msg_id") != header["msg_id"]:
            continue
        kind, content = got["msg_type"], got["content"]
        if kind == "error" or content.get("status") == "error":
            raise RuntimeError("\n".join(content["traceback"]) + printed)
        printed += content["text"] if kind == "stream" else ""
        replied |= kind == "execute_reply"
        idle |= kind == "status" and content["execution_state"] == "idle"
    return printed


async def shell(kernel: WebSocketClientConnection, command: str) -> list[str]:
    """What a command says that the user types."""
    code = "import subprocess\nanswer = subprocess.run({!r}, shell=True, capture_output=True, text=True)\n"
    code = code.format(command) + "print(answer.stdout + answer.stderr)"
    return (await executed(kernel, code)).strip().splitlines()


if __name__ == "__main__":
    main()
