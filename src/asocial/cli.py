"""The command `asocial`. `asocial serve --help` documents every setting; the flags are made from config.Settings."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import __version__, logs
from .app import Asocial, run
from .config import ConfigError, Settings, allowed, default_of, flag_of, load, unknown_variables

USAGE_ERROR = 2
_WILDCARDS = ("0.0.0.0", "::")  # noqa: S104 (compared with, not bound)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code: 0, 1 for what the machine refused, 2 for what was asked wrongly."""
    arguments = _parser().parse_args(argv)
    given = vars(arguments)
    if given.pop("command") == "top":
        return _top(arguments.urls, arguments.every, once=arguments.once)
    config_file = given.pop("config", None)
    try:
        settings = load(given, os.environ, config_file)
    except ConfigError as error:
        print(f"asocial: {error}", file=sys.stderr)
        return USAGE_ERROR
    return _serve(settings)


def _serve(settings: Settings) -> int:
    logs.configure(settings.log_level, json=settings.env == "production")
    log = logs.get(__name__)
    for variable in unknown_variables(os.environ):
        log.warning("not a setting, ignored", variable=variable)
    if settings.auth == "open":
        log.warning("auth is open: any client may claim any user id; for development only")
    _allow_many_files()
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(run(settings, _announce))
    except ConfigError as error:
        print(f"asocial: {error}", file=sys.stderr)
        return USAGE_ERROR
    except OSError as error:
        print(
            f"asocial: cannot listen on {settings.host} port {settings.port}: {error.strerror or error}. "
            "Choose another with --port or ASOCIAL_PORT.",
            file=sys.stderr,
        )
        return 1
    return 0


def _top(urls: list[str], every_s: float, *, once: bool) -> int:
    from . import top  # with its own libraries, which a server does not need

    try:
        return asyncio.run(top.watch(urls, every_s, once=once))
    except OSError as error:
        print(f"asocial: {' '.join(urls)}: {error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def _allow_many_files() -> None:
    """As many sockets as the system allows: the usual 1,024 is what one address may open (connections_per_ip)."""
    if sys.platform != "win32":
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _loop_factory() -> Any:
    """uvloop where it exists: the fan-out's numbers are its numbers. Windows has asyncio's own loop."""
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop


def _announce(app: Asocial) -> None:
    settings = app.settings
    mode = "joined by Redis" if settings.redis_url.get_secret_value() else "one process, in memory"
    everywhere = settings.host in _WILDCARDS
    url = _url("localhost" if everywhere else settings.host, app.port)
    if settings.env == "production":
        logs.get(__name__).info("listening", url=url, mode=mode, auth=settings.auth)
        return
    lan = _lan_address() if everywhere else None
    print(f"\n  Asocial {__version__} is at {url}")
    if lan:
        print(f"  for others on your network: {_url(lan, app.port)}")
    identity = {"guest": "guests", "open": "open ids", "jwt": "people sign in"}[settings.auth]
    print(f"  {mode}, {identity}; Ctrl-C stops it\n", flush=True)


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _lan_address() -> str | None:
    """This machine's address as its neighbours see it. Connecting a UDP socket sends nothing; it only picks a route."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # TEST-NET-1 (RFC 5737): never a real host
        except OSError:
            return None
        address: str = probe.getsockname()[0]
    return None if address.startswith("127.") else address


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="asocial", description="A canvas you talk on.")
    parser.add_argument("--version", action="version", version=f"asocial {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    serve = commands.add_parser(
        "serve",
        help="run the server",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Run the server until Ctrl-C or SIGTERM.",
        epilog="Every setting is also an environment variable (ASOCIAL_PORT) and a key of the YAML file (port);\n"
        "a flag wins over the variable, the variable over the file.",
        argument_default=argparse.SUPPRESS,
    )
    serve.add_argument("--config", type=Path, metavar="FILE", help="YAML file of settings (or ASOCIAL_CONFIG)")
    for name, field in Settings.model_fields.items():
        default = default_of(field)
        details = f"{allowed(field)}; default {default}" if default else allowed(field)
        text = f"{field.description} ({details}; ASOCIAL_{name.upper()})"
        serve.add_argument(flag_of(name), dest=name, metavar="VALUE", help=text.replace("%", "%%"))
    top = commands.add_parser(
        "top",
        help="a live view of running servers",
        description="Show connections, rates, latencies and health of one or several servers, until Ctrl-C.",
    )
    top.add_argument("urls", nargs="*", default=["http://localhost:8080"], metavar="URL", help="default: %(default)s")
    top.add_argument("--every", type=float, default=2.0, metavar="SECONDS", help="between two looks; default 2")
    top.add_argument("--once", action="store_true", help="print one table and end: code 0 if all is well, else 1")
    return parser


if __name__ == "__main__":
    sys.exit(main())
