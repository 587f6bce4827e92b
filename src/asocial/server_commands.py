"""The commands of the server: `asocial serve`, `top`, `keys` and others, and the help of all commands.

`asocial serve --help` documents every setting; the flags are made from config.Settings.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import math
import os
import re
import secrets
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn, get_args, get_origin

from . import __version__, build_info, logs, output
from .adapters.http.listening import EVERY_ADDRESS, is_loopback, reachable
from .client_commands import CLIENT_COMMANDS, missing_extra
from .config import ConfigError, allowed, default_of, flag_of, hint_for, load, unknown_variables
from .domain import api_keys
from .domain.api_keys import OPERATOR, KeyRights
from .domain.rules import Rights
from .output import USAGE_ERROR, print_error
from .processes import cpus
from .serving import report_lost_lines, run_until_stopped
from .settings import Settings

MIN_PAUSE_S = 0.1
"""Between two updates of `asocial top`."""

if TYPE_CHECKING:
    import socket

    from _typeshed import SupportsWrite


def run(argv: Sequence[str]) -> int:
    """Run the command. Returns the exit code: 0, 1 for an error of the system, 2 for a usage error."""
    with _written_output():
        arguments = _parser().parse_args(argv)
        given = vars(arguments)
        command = given.pop("command")
        if command == "keys":
            return _create_key(
                arguments.name, OPERATOR if arguments.operator else arguments.rights, arguments.channels or ["*"]
            )
        if command == "completion":
            return _print_completion(arguments.shell)
        if command == "top":
            return _top(arguments.urls, arguments.every, once=arguments.once)
    config_file, written = given.pop("config", None), given.pop("output", None)
    try:
        settings = load(given, os.environ, config_file)
        if command == "page-headers":
            return _write_page_headers(settings, written)
    except ConfigError as error:
        print_error(str(error))
        return USAGE_ERROR
    with output.queued_standard_streams(report_lost_lines):
        logs.configure(settings.log_level, json=settings.env == "production")
        return _serve(settings)


@contextlib.contextmanager
def _written_output() -> Iterator[None]:
    """Write standard output in it to the end. Leaves with code 0 if nobody reads it, with 1 if it cannot be written."""
    try:
        try:
            yield
        finally:
            if sys.stdout is not None:  # it is None if the process was started without one (`>&-`)
                sys.stdout.flush()
    except OSError as error:
        output.discard(sys.stdout)
        if isinstance(error, BrokenPipeError):
            raise SystemExit(0) from None
        print_error(f"cannot write to standard output: {error.strerror or error}")
        raise SystemExit(1) from None


def _serve(settings: Settings) -> int:
    log = logs.get(__name__)
    for note in settings.notes:
        log.info(note)
    for variable in unknown_variables(os.environ):
        log.warning("not a setting, ignored", variable=variable, hint=hint_for(variable))
    if settings.auth == "open":
        log.warning("auth is open: any client may claim any user id; for development only")
    _allow_many_files()
    count = cpus.available() if settings.processes == "auto" else settings.processes
    if count > 1:
        from .processes.supervisor import supervise  # with its own libraries, which one process does not need

        return run_until_stopped(
            lambda: supervise(settings, count, lambda sockets: _announce(settings, sockets, count)), settings
        )
    return run_until_stopped(lambda: _run_alone(settings), settings)


async def _run_alone(settings: Settings) -> int:
    # Not imported by the parent of several processes, which needs none of it.
    from .app import build
    from .lifecycle import run

    await run(build(settings), lambda app: _announce(settings, app.sockets))
    return 0


def _pause_s(text: str) -> float:
    """Raises ValueError, which argparse explains."""
    pause_s = float(text)
    if not MIN_PAUSE_S <= pause_s < math.inf:
        raise ValueError
    return pause_s


def _top(urls: list[str], every_s: float, *, once: bool) -> int:
    from . import top  # with its own libraries, which a server does not need

    try:
        return asyncio.run(top.watch(urls, every_s, once=once))
    except ValueError:
        print_error("a URL is http://HOST:PORT or https://HOST:PORT")
        return USAGE_ERROR
    except top.UnknownHost as error:
        print_error(str(error))
        return 1
    except BrokenPipeError:
        raise  # the reader of the output has gone
    except OSError as error:
        print_error(f"cannot continue: {error.strerror or error}")
        return 1
    except KeyboardInterrupt:
        return 0


def _create_key(name: str, rights: KeyRights, channels: list[str]) -> int:
    """Print a new API key, which nothing else holds, and its entry for the configuration."""
    try:
        key, text = api_keys.create(name, rights, channels, secrets.token_urlsafe(api_keys.SECRET_BYTES))
    except ValueError as error:
        print_error(str(error))
        return USAGE_ERROR
    print(f"The key. Nobody can show it again:\n\n    {text}\n")
    print("Its entry for the setting api_keys (ASOCIAL_API_KEYS), with commas between entries:\n")
    print(f"    {key.entry}")
    return 0


def _print_completion(shell: str) -> int:
    """Print a script that completes all commands, those of the client too."""
    try:
        import shtab
        from asocial_client.commands import add_commands
        from asocial_client.frames import COLORS
    except ModuleNotFoundError as error:
        return missing_extra("completion", error)
    parser = _parser(add_commands)
    _add_values(parser, COLORS, shtab.FILE)
    print(shtab.complete(parser, shell))
    return 0


def _add_values(parser: argparse.ArgumentParser, colors: Sequence[str], file: object) -> None:
    """Add what a shell can complete for each argument. `file`: shtab's word for the name of a file."""
    for action in parser._actions:
        field = Settings.model_fields.get(action.dest)
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                _add_values(command, colors, file)
        elif action.type is Path or (field is not None and Path in get_args(field.annotation)):
            action.complete = file  # type: ignore[attr-defined]
        elif action.dest == "color":
            action.choices = colors
        elif field is not None and field.annotation is bool:
            action.choices = ("true", "false")
        elif field is not None and get_origin(field.annotation) is Literal:
            action.choices = get_args(field.annotation)


def _write_page_headers(settings: Settings, output_file: Path) -> int:
    """Raises ConfigError."""
    from .adapters.http.nginx_headers import map_entries  # with aiohttp
    from .identity import sign_in

    offered = sign_in(settings)
    entries = map_entries(
        frame_ancestors=settings.frame_ancestors,
        hsts_s=settings.hsts_seconds,
        sign_in_policy=offered.policy if offered is not None else "",
        offline_page=settings.offline_page == "kept",
    )
    try:
        output_file.write_text(entries)
    except OSError as error:
        print_error(f"cannot write {output_file}: {error.strerror}")
        return 1
    return 0


def _allow_many_files() -> None:
    """Open as many sockets as the system allows: 1,024, the usual limit, is what one address may open."""
    if sys.platform != "win32":
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _announce(settings: Settings, sockets: Sequence[socket.socket], processes: int = 1) -> None:
    """Say where the server listens. `sockets`: those it accepts connections through."""
    has_redis = bool(settings.redis_url.get_secret_value())
    if processes > 1:
        mode = f"{processes} processes, joined by {'Redis' if has_redis else 'a private Redis'}"
    else:
        mode = "joined by Redis" if has_redis else "one process, in memory"
    urls = _urls(settings.host, sockets)
    if settings.env == "production":
        modules = build_info.MODULES
        logs.get(__name__).info("listening", url=urls[0], urls=urls, mode=mode, auth=settings.auth, modules=modules)
        return
    print(f"\n  Asocial {__version__} is at {urls[0]}")
    for url in urls[1:]:
        print(f"  for others on your network: {url}")
    identity = {"guest": "guests", "open": "open ids", "jwt": "people sign in"}[settings.auth]
    print(f"  {mode}, {identity}; Ctrl+C stops it\n", flush=True)


def _urls(host: str, sockets: Sequence[socket.socket]) -> list[str]:
    """Where the server can be opened: first from this machine, or by the configured name; then from other machines.

    Tries each address, which takes a moment.
    """
    host, port = host.removeprefix("[").removesuffix("]"), sockets[0].getsockname()[1]
    if host not in EVERY_ADDRESS:
        return [_url(host, port)]
    addresses = reachable(sockets)
    local = [address for address in addresses if is_loopback(address)]
    # A browser tries "localhost" in both families, so the name works if one of them does.
    names = ["localhost"] if local else []
    names += [address for address in addresses if not is_loopback(address)]
    return [_url(name, port) for name in names or addresses or [host]]


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Parser(argparse.ArgumentParser):
    """Names unknown arguments without their values, which may be secrets."""

    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        namespace, unknown = self.parse_known_args(args, namespace)
        if unknown:
            names = [each.partition("=")[0] for each in unknown if each.startswith("-")]
            self.error(f"no such option: {' '.join(names)}" if names else "too many arguments")
        return namespace

    def print_help(self, file: SupportsWrite[str] | None = None) -> None:
        out = file or sys.stdout
        if out is not None:
            out.write(self.format_help())  # argparse drops an OSError, depending on the version of Python

    def error(self, message: str) -> NoReturn:
        text = _FLAG_VALUE.sub(r"\1", message)
        output.write_error(f"{self.format_usage()}{self.prog}: error: {text}\n")
        raise SystemExit(USAGE_ERROR)


_FLAG_VALUE = re.compile(r"(--[a-z-]+)=\S+")


def _parser(add_client_commands: Callable[[Any], None] | None = None) -> argparse.ArgumentParser:
    """`add_client_commands`: adds the commands of the client with all of their arguments, which `main` leaves to it."""
    parser = _Parser(prog="asocial", description="A canvas you talk on.")
    parser.add_argument("--version", action="version", version=build_info.title())
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    serve = commands.add_parser(
        "serve",
        help="run the server",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Run the server until Ctrl+C or SIGTERM.",
        epilog="You can also set each one as an environment variable (ASOCIAL_PORT) or a key of the YAML file (port).\n"
        "A flag overrides the variable, and the variable overrides the file.",
        argument_default=argparse.SUPPRESS,
    )
    serve.add_argument("--config", type=Path, metavar="FILE", help="YAML file with settings (or ASOCIAL_CONFIG)")
    for name, field in Settings.model_fields.items():
        default = default_of(field)
        details = f"{allowed(field)}; default {default}" if default else allowed(field)
        text = f"{field.description} ({details}; ASOCIAL_{name.upper()})"
        serve.add_argument(flag_of(name), dest=name, metavar="VALUE", help=text.replace("%", "%%"))
    page_headers = commands.add_parser(
        "page-headers",
        help="write the page's headers for nginx",
        description="Write those headers of the page that depend on settings, for the front end's nginx "
        "(deploy/docker/nginx.conf). Reads the settings as `serve` does.",
    )
    page_headers.add_argument("--config", type=Path, metavar="FILE", help="YAML file with settings (or ASOCIAL_CONFIG)")
    page_headers.add_argument("--output", type=Path, metavar="FILE", required=True, help="the file to write")
    top = commands.add_parser(
        "top",
        help="show a live view of running servers",
        description="Show connections, rates, latencies and health of one or more servers, until Ctrl+C.",
    )
    top.add_argument(
        "urls", nargs="*", default=["http://localhost:8080"], metavar="URL", help="default: http://localhost:8080"
    )
    top.add_argument(
        "--every",
        type=_pause_s,
        default=2.0,
        metavar="SECONDS",
        help=f"time between two updates, at least {MIN_PAUSE_S:g}; default 2",
    )
    top.add_argument(
        "--once", action="store_true", help="print one table and exit: code 0 if every check is ok, else 1"
    )
    keys = commands.add_parser("keys", help="make keys of the HTTP API")
    actions = keys.add_subparsers(dest="action", required=True, metavar="ACTION")
    create = actions.add_parser("create", help="make a key", description="Make a key, and print it once.")
    create.add_argument("name", metavar="NAME", help="what the key is for; its messages carry this name")
    use = create.add_mutually_exclusive_group(required=True)
    use.add_argument(
        "--channels",
        type=lambda text: text.split(","),
        metavar="NAMES",
        help="channels where the key works: names with commas between them; * for any characters, as in build-*",
    )
    use.add_argument(
        "--operator",
        action="store_true",
        help="a key to list and close channels, ban users, and show everyone a notice; it reads and posts nowhere",
    )
    create.add_argument(
        "--rights", choices=get_args(Rights), default="write", help="rights in these channels; default: %(default)s"
    )
    completion = commands.add_parser(
        "completion",
        help="print a script that completes commands in a shell",
        description="Print a script that completes the commands and their options in a shell.",
        epilog="for all new terminals:\n"
        "  bash  asocial completion bash > ~/.asocial-completion; echo '. ~/.asocial-completion' >> ~/.bashrc\n"
        "  zsh   asocial completion zsh > DIRECTORY/_asocial, where DIRECTORY is one of `echo $fpath`\n"
        "  fish  asocial completion fish > ~/.config/fish/completions/asocial.fish",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    completion.add_argument("shell", choices=("bash", "zsh", "fish"))
    if add_client_commands is not None:
        add_client_commands(commands)
        return parser
    for name, text in CLIENT_COMMANDS.items():
        commands.add_parser(name, help=f"{text} (needs asocial[cli])")
    return parser
