"""`asocial say`, `watch`, `bot` and `completion` as a shell runs them: output, exit codes, pipes, signals."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pty
import re
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import pytest

from tests.support.client import Client
from tests.support.ports import reserve_port
from tests.support.server import Join, Server, StartServer
from tests.support.source import SOURCE
from tests.support.waiting import PATIENCE_S, eventually

ROOT = Path(__file__).parents[2]


_started: list[asyncio.subprocess.Process] = []


@pytest.fixture(autouse=True)
async def _end_what_a_failed_test_left() -> AsyncIterator[None]:
    yield
    for process in _started:
        if process.returncode is None:
            process.kill()
            await process.wait()
    _started.clear()


async def start(
    *arguments: str,
    module: str = "asocial.cli",
    stdout: int = asyncio.subprocess.PIPE,
    stderr: int = asyncio.subprocess.PIPE,
    **environ: str,
) -> asyncio.subprocess.Process:
    module_option = ("-m", module) if module else ()
    return await start_program(sys.executable, *module_option, *arguments, stdout=stdout, stderr=stderr, **environ)


async def start_program(
    *command: str, stdout: int = asyncio.subprocess.PIPE, stderr: int = asyncio.subprocess.PIPE, **environ: str
) -> asyncio.subprocess.Process:
    path = os.pathsep.join((str(SOURCE), str(ROOT / "packages/python/src")))
    process = await asyncio.create_subprocess_exec(
        *command,
        env=os.environ | {"PYTHONPATH": path} | environ,
        stdin=asyncio.subprocess.PIPE,
        stdout=stdout,
        stderr=stderr,
    )
    _started.append(process)
    return process


async def ended(process: asyncio.subprocess.Process, given: bytes = b"") -> tuple[int | None, str, str]:
    """The exit code, what it printed, and what it complained about."""
    async with asyncio.timeout(PATIENCE_S):
        output, errors = await process.communicate(given)
    return process.returncode, (output or b"").decode(), (errors or b"").decode()


@pytest.fixture
async def ada(server: Server, join: Join) -> Client:
    return await join(server, "garden", name="Ada")


async def test_say_posts_where_it_is_told_and_is_quiet(server: Server, ada: Client) -> None:
    process = await start("say", "garden", "it is done", "--at", "10,-20", "--name", "CI", "--url", server.origin)
    assert await ended(process) == (0, "", "")
    said = await ada.receive("chat")
    assert (said["name"], said["payload"], said["position"]) == ("CI", "it is done", {"x": 10, "y": -20})


async def test_say_posts_each_line_of_its_input_below_the_one_before(server: Server, ada: Client) -> None:
    process = await start("say", "garden", "-", ASOCIAL_URL=server.origin)
    assert (await ended(process, b"one\n\ntwo\n"))[0] == 0
    one, two = await ada.receive("chat"), await ada.receive("chat")
    assert (one["payload"], two["payload"]) == ("one", "two")
    assert one["position"]["y"] < two["position"]["y"]
    assert one["user_id"] == two["user_id"]


async def test_say_splits_long_lines_or_cuts_them(start_server: StartServer, join: Join) -> None:
    server = await start_server(max_payload_characters=20)
    ada = await join(server, "garden")
    line = b"the first words and the last ones\n"
    assert (await ended(await start("say", "garden", "-", "--url", server.origin), line))[0] == 0
    assert [(await ada.receive("chat"))["payload"] for _ in range(2)] == ["the first words and", "the last ones"]
    assert (await ended(await start("say", "garden", "-", "--long", "cut", "--url", server.origin), line))[0] == 0
    assert (await ada.receive("chat"))["payload"] == "the first words and…"


@pytest.mark.parametrize(
    ("long", "expected"),
    [("split", ["the first words and", "the last ones"]), ("cut", ["the first words and…"]), ("", [])],
)
async def test_say_splits_or_cuts_a_long_text_only_if_it_is_told_to(
    start_server: StartServer, join: Join, long: str, expected: list[str]
) -> None:
    server = await start_server(max_payload_characters=20)
    ada = await join(server, "garden")
    how = ["--long", long] if long else []
    process = await start("say", "garden", "the first words and the last ones", *how, "--url", server.origin)
    code, _, errors = await ended(process)
    assert (code, "20" in errors) == ((0, False) if long else (1, True))
    said = [await ada.receive("chat") for _ in expected]
    assert [message["payload"] for message in said] == expected
    heights = [message["position"]["y"] for message in said]
    assert len(set(heights)) == len(heights)


async def test_say_waits_for_a_limit_and_loses_no_line(start_server: StartServer, join: Join) -> None:
    server = await start_server(rate_limit_per_minute=0)
    owner = await join(server, "garden")
    answer = await server.post("/api/channels/garden", {"Authorization": f"Bearer {owner.sync['token']}"})
    assert answer.status == 200
    await owner.send({"type": "moderate", "action": "slow", "slow_ms": 300})
    ada = await join(server, "garden")
    lines = [f"line {number}" for number in range(4)]
    process = await start("say", "garden", "-", "--url", server.origin)
    assert await ended(process, "\n".join(lines).encode()) == (0, "", "")
    assert [(await ada.receive("chat"))["payload"] for _ in lines] == lines


async def test_say_reports_a_line_that_is_refused_and_posts_the_others(server: Server, ada: Client) -> None:
    refused = "e" + "\u0301" * 9  # more marks than W44 allows
    process = await start("say", "garden", "-", "--url", server.origin)
    code, _, errors = await ended(process, f"\x1b[31mred\x1b[0m\n{refused}\n\n\x07bell\n".encode())
    assert code == 1
    assert "line 2 was not posted" in errors
    assert errors.count("\n") == 1
    assert [(await ada.receive("chat"))["payload"] for _ in range(2)] == ["red", "\ufffdbell"]


async def test_say_takes_a_line_of_any_length_and_a_last_one_without_an_end(server: Server, ada: Client) -> None:
    process = await start("say", "garden", "-", "--long", "cut", "--url", server.origin)
    code, _, errors = await ended(process, b"a" + "\u00e9".encode() * 40_000 + b"\nlast")
    assert (code, errors) == (0, "")
    assert (await ada.receive("chat"))["payload"] == "a" + "\u00e9" * 498 + "\u2026"
    assert (await ada.receive("chat"))["payload"] == "last"


async def test_say_posts_a_line_before_the_next_one_comes(server: Server, ada: Client) -> None:
    process = await start("say", "garden", "-", "--url", server.origin)
    assert process.stdin is not None
    for line in ("one", "two"):
        process.stdin.write(f"{line}\n".encode())
        await process.stdin.drain()
        assert (await ada.receive("chat"))["payload"] == line
    process.send_signal(signal.SIGINT)
    assert await ended(process) == (130, "", "")


async def line_of(stream: asyncio.StreamReader | None) -> str:
    assert stream is not None
    async with asyncio.timeout(PATIENCE_S):
        return (await stream.readline()).decode()


async def test_say_tells_that_lines_wait_for_a_server_and_posts_them(start_server: StartServer, join: Join) -> None:
    server = await start_server(port=reserve_port(start_server))
    ada = await join(server, "garden")
    process = await start("say", "garden", "-", "--url", server.origin)
    assert process.stdin is not None
    process.stdin.write(b"one\n")
    await ada.receive("chat")
    await server.app.drain()
    assert "; lines wait until the server is back" in await line_of(process.stderr)
    process.stdin.write(b"two\n")
    server = await start_server(port=server.port)
    assert await line_of(process.stderr) == "asocial: connected again\n"
    again = await join(server, "garden")
    assert (await ended(process, b"three\n"))[0] == 0
    said = [message["payload"] for message in again.sync["messages"]]
    while "three" not in said:
        said.append((await again.receive("chat"))["payload"])
    assert said[-2:] == ["two", "three"]


async def test_say_ends_when_the_channel_closes_while_no_line_comes(server: Server, ada: Client) -> None:
    claimed = await server.post("/api/channels/garden", {"Authorization": f"Bearer {ada.sync['token']}"})
    assert claimed.status == 200
    process = await start("say", "garden", "-", "--url", server.origin)
    joined = await ada.receive("user_joined")
    await ada.moderate("remove", user_id=joined["user_id"])
    assert "no more lines are posted: closed: " in await line_of(process.stderr)
    assert process.stdin is not None
    assert await asyncio.wait_for(process.wait(), PATIENCE_S) == 1


@pytest.mark.parametrize("command", [("say", "garden", "hello"), ("say", "garden", "-"), ("watch", "garden")])
async def test_w4_a_token_that_the_server_does_not_know_is_told(
    server: Server, ada: Client, command: tuple[str, ...]
) -> None:
    """And the guest that the server makes takes part."""
    process = await start(*command, "--url", server.origin, "--token", "of.another.server")
    await ada.receive("user_joined")
    assert await line_of(process.stderr) == (
        "asocial: the server does not know the token that it was given: you are a new guest\n"
    )
    if command[0] == "watch":
        process.send_signal(signal.SIGINT)
    assert (await ended(process))[0] == (130 if command[0] == "watch" else 0)
    quiet = await start("say", "garden", "hello", "--url", server.origin, ASOCIAL_TOKEN=ada.sync["token"])
    assert await ended(quiet) == (0, "", "")


async def test_watch_ends_with_ctrl_c(server: Server, ada: Client) -> None:
    process = await start("watch", "garden", "--url", server.origin)
    await ada.receive("user_joined")
    assert process.stdout is not None
    await process.stdout.readline()
    process.send_signal(signal.SIGINT)
    assert (await ended(process))[::2] == (130, "")
    assert await ada.receive("user_left")


BOT = """
from asocial_client import Bot, Message

bot = Bot("Parrot", channel="garden")

@bot.on_message
async def repeat(message: Message) -> None:
    if message.text == "break":
        raise RuntimeError("broken on purpose")
    await bot.reply(message, message.text)

@bot.on_start
async def greet() -> None:
    await bot.say("ready")

bot.run()
"""


SHELLS = {
    "bash": (("--norc", "-i"), ". {script}"),
    "zsh": (("--no-rcs", "-i"), "fpath=({folder} $fpath); autoload -Uz compinit; compinit -u -D"),
    "fish": (("--no-config", "-i"), "source {script}"),
}
"""How each is started without the files of its user, and told of the script."""


@pytest.mark.parametrize("shell", SHELLS)
async def test_a_shell_in_a_terminal_completes_commands_options_values_and_files(shell: str, tmp_path: Path) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"no {shell} on the PATH")
    script = tmp_path / "_asocial"
    code, written, _ = await ended(await start("completion", shell))
    assert code == 0
    script.write_text(written)
    (tmp_path / "dice_bot.py").touch()
    options, source = SHELLS[shell]
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        os.execve(
            program, [program, *options], {"HOME": str(tmp_path), "PATH": path, "TERM": "dumb", "LANG": "C.UTF-8"}
        )
    os.set_blocking(terminal, False)
    shown = ""

    def is_shown(text: str) -> bool:
        nonlocal shown
        with contextlib.suppress(BlockingIOError):
            shown += os.read(terminal, 65536).decode(errors="replace")
        return text in re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown)

    try:
        os.write(terminal, f"{source.format(script=script, folder=tmp_path)}; echo rea''dy\r".encode())
        await eventually(lambda: is_shown("ready"), f"{shell} has read the script")
        for typed, whole in [
            ("asocial wat\t", "asocial watch "),
            ("asocial say garden x --lo\t", "--long "),
            ("asocial say --color tea\t", "--color teal "),
            ("asocial serve --auth gue\t", "--auth guest "),
            ("asocial bot run dic\t", "run dice_bot.py "),
        ]:
            shown = ""
            os.write(terminal, typed.encode())
            await eventually(partial(is_shown, whole), f"{shell} completes {typed!r}")
            os.write(terminal, b"\x15")  # an empty line
    finally:
        os.close(terminal)
        os.kill(pid, signal.SIGKILL)
        await asyncio.to_thread(os.waitpid, pid, 0)


@pytest.mark.parametrize("command", [("bot", "run"), ()], ids=["asocial bot run", "python"])
async def test_a_bot_answers_goes_on_after_an_error_and_leaves(
    server: Server, ada: Client, tmp_path: Path, command: tuple[str, ...]
) -> None:
    file = tmp_path / "parrot.py"
    file.write_text(BOT)
    process = await start(*command, str(file), ASOCIAL_URL=server.origin, module="asocial.cli" if command else "")
    assert (await ada.receive("chat"))["payload"] == "ready"
    await ada.chat("break")
    await ada.chat("hello", at=(3, 4))
    answer = await ada.receive("chat")
    assert (answer["name"], answer["payload"], answer["position"]) == ("Parrot", "hello", {"x": 3, "y": 32})
    process.terminate()
    code, _, errors = await ended(process)
    assert code == 0
    assert "error in repeat" in errors
    assert "broken on purpose" in errors
    assert await ada.receive("user_left")


async def test_a_bot_waits_for_a_server_that_is_away(tmp_path: Path) -> None:
    file = tmp_path / "parrot.py"
    file.write_text(BOT)
    process = await start("bot", "run", str(file), "--url", "http://127.0.0.1:9")
    assert process.stderr is not None
    assert "trying again" in (await process.stderr.readline()).decode()
    process.send_signal(signal.SIGINT)
    assert (await ended(process))[0] == 0


@pytest.mark.parametrize(
    ("content", "code", "complaint"),
    [
        ("", 2, "must have one Bot, it has 0"),
        ("1 / 0", 1, 'bot.py", line 1, in <module>'),
        ("1 / 0", 1, "could not be loaded"),
        ("def (", 1, "SyntaxError"),
        (None, 2, "there is no file"),
    ],
)
async def test_a_file_without_a_bot_is_an_error(tmp_path: Path, content: str | None, code: int, complaint: str) -> None:
    file = tmp_path / "bot.py"
    if content is not None:
        file.write_text(content)
    exit_code, _, errors = await ended(await start("bot", "run", str(file)))
    assert exit_code == code
    assert complaint in errors
    assert "asocial_client" not in errors, "a traceback of the program that loads the file helps nobody"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
async def test_completion_knows_all_commands_and_their_options(shell: str) -> None:
    code, script, errors = await ended(await start("completion", shell))
    assert (code, errors) == (0, "")
    for word in ("serve", "watch", "say", "json", "redis-url"):
        assert word in script


async def test_bash_completes_a_command_and_an_option() -> None:
    _, script, _ = await ended(await start("completion", "bash"))
    ask = f"""{script}
    complete_words=$(complete -p asocial | sed 's/.*-F //; s/ .*//')
    COMP_WORDS=(asocial wa); COMP_CWORD=1; $complete_words; echo "${{COMPREPLY[@]}}"
    COMP_WORDS=(asocial say --a); COMP_CWORD=2; $complete_words; echo "${{COMPREPLY[@]}}"
    """
    bash = await asyncio.create_subprocess_exec("bash", "-c", ask, stdout=asyncio.subprocess.PIPE)
    output, _ = await bash.communicate()
    assert output.decode().split() == ["watch", "--at"]


@pytest.mark.parametrize("command", [("say",), ("watch",), ("join",), ("bot", "run")])
async def test_help_documents_the_exit_codes(command: tuple[str, ...]) -> None:
    code, output, _ = await ended(await start(*command, "--help"))
    assert code == 0
    assert "exit codes:" in output
    assert "examples:" in output


async def test_watch_prints_what_people_read(server: Server, ada: Client) -> None:
    process = await start("watch", "garden", "--url", server.origin)
    await ada.receive("user_joined")
    await ada.chat("hello\nthere")
    assert process.stdout is not None
    lines = [(await process.stdout.readline()).decode() for _ in range(3)]
    assert lines[0] == "connected to garden; 2 people\n"
    assert lines[1].endswith(" Ada: hello\n")
    assert lines[2].strip() == "there"
    assert "\x1b" not in "".join(lines), "no colours outside a terminal"
    process.terminate()
    await ended(process)


async def test_watch_prints_one_json_object_for_each_event(server: Server, ada: Client) -> None:
    process = await start("watch", "garden", "--json", "--url", server.origin)
    await ada.receive("user_joined")
    await ada.cursor((1, 2))
    await ada.chat("hello")
    assert process.stdout is not None
    events: list[dict[str, object]] = []
    while {event["event"] for event in events} < {"Connected", "Message", "Cursor"}:
        events.append(json.loads(await process.stdout.readline()))
    assert events[0] == {"event": "Connected"}
    assert {"event": "Cursor", "user_id": ada.user_id, "x": 1.0, "y": 2.0} in events
    assert "hello" in [event.get("text") for event in events]
    process.terminate()
    await ended(process)


async def test_watch_ends_quietly_when_nobody_reads_its_output(server: Server, ada: Client) -> None:
    process = await start("watch", "garden", "--json", "--url", server.origin)
    await ada.receive("user_joined")
    assert process.stdout is not None
    process.stdout._transport.close()  # type: ignore[attr-defined]  # asyncio has no public way to close a pipe's end
    await ada.chat("hello")
    assert process.stderr is not None
    assert await process.stderr.read() == b""
    assert await process.wait() == 0


@pytest.mark.parametrize("how", [(), ("--json",)], ids=["lines", "json"])
async def test_watch_ends_as_soon_as_nobody_reads_its_output(server: Server, ada: Client, how: tuple[str, ...]) -> None:
    """As in `watch garden | head -1`: nothing is said that could not be printed."""
    process = await start("watch", "garden", *how, "--url", server.origin)
    assert process.stdout is not None
    assert process.stderr is not None
    await process.stdout.readline()
    process.stdout._transport.close()  # type: ignore[attr-defined]  # asyncio has no public way to close a pipe's end
    assert await ada.receive("user_left")
    async with asyncio.timeout(PATIENCE_S):
        assert await process.stderr.read() == b""
        assert await process.wait() == 0


def unread_pipe() -> int:
    """The writing end of a pipe that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    return writer


def full_disk() -> int:
    return os.open("/dev/full", os.O_WRONLY)


BUFFERED = pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
"""Python's PYTHONUNBUFFERED: whether a failed write is noticed at once, or at the exit."""
HELP = pytest.mark.parametrize(
    ("module", "command"),
    [("asocial.cli", "serve --help"), ("asocial.cli", "bot run --help"), ("asocial_client", "watch --help")],
)


@BUFFERED
@HELP
async def test_help_that_nobody_reads_ends_quietly(module: str, command: str, unbuffered: str) -> None:
    """As in `asocial say --help | head -1`."""
    writer = unread_pipe()
    process = await start(*command.split(), module=module, stdout=writer, PYTHONUNBUFFERED=unbuffered)
    os.close(writer)
    assert await ended(process) == (0, "", "")


@HELP
async def test_help_that_cannot_be_written_is_an_error(module: str, command: str) -> None:
    full = full_disk()
    process = await start(*command.split(), module=module, stdout=full)
    os.close(full)
    exit_code, _, errors = await ended(process)
    assert exit_code == 1
    prog = "asocial" if module == "asocial.cli" else "python -m asocial_client"
    assert errors == f"{prog}: cannot write to standard output: No space left on device\n"


@BUFFERED
@pytest.mark.parametrize(
    ("module", "command", "stderr"),
    [
        ("asocial.cli", "nothing", unread_pipe),
        ("asocial.cli", "keys create bad!name --operator", full_disk),
        ("asocial.cli", "say", full_disk),
        ("asocial_client", "bot run no/such/file.py", unread_pipe),
    ],
)
async def test_the_exit_code_reports_an_error_that_cannot_be_written(
    module: str, command: str, stderr: Callable[[], int], unbuffered: str
) -> None:
    writer = stderr()
    process = await start(*command.split(), module=module, stderr=writer, PYTHONUNBUFFERED=unbuffered)
    os.close(writer)
    assert await ended(process) == (2, "", "")


@pytest.mark.parametrize("command", ["keys create ci --channels build-*", "completion bash"])
async def test_output_that_nobody_reads_ends_quietly(command: str) -> None:
    writer = unread_pipe()
    process = await start(*command.split(), stdout=writer)
    os.close(writer)
    assert await ended(process) == (0, "", "")


async def test_a_key_that_cannot_be_written_is_an_error() -> None:
    full = full_disk()
    process = await start("keys", "create", "ci", "--channels", "ops", stdout=full)
    os.close(full)
    assert await ended(process) == (1, "", "asocial: cannot write to standard output: No space left on device\n")


@HELP
async def test_help_without_standard_streams_ends_quietly(module: str, command: str) -> None:
    """As in `asocial serve --help >&- 2>&-`."""
    script = f'exec "$0" -m {module} {command} <&- >&- 2>&-'
    process = await start_program("sh", "-c", script, sys.executable)
    assert await ended(process) == (0, "", "")


@pytest.mark.parametrize("name", ["", "bad name", "a:b", "a" * 33])
async def test_a_key_with_a_bad_name_says_what_a_name_is(name: str) -> None:
    exit_code, output, errors = await ended(await start("keys", "create", name, "--channels", "ops"))
    assert (exit_code, output) == (2, "")
    assert errors == "asocial: the name of a key has 1 to 32 of the characters A-Z a-z 0-9 -\n"


@pytest.mark.parametrize("answer", [b"HTTP/1.0 404 Not Found\r\n\r\n", b"\x15\x03\x01\r\n\r\n", b""])
@pytest.mark.parametrize("command", [("say", "garden", "x"), ("watch", "garden")], ids=["say", "watch"])
async def test_what_is_no_asocial_server_is_an_error_of_one_line(command: tuple[str, ...], answer: bytes) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as other:
        url = f"http://127.0.0.1:{other.sockets[0].getsockname()[1]}"
        exit_code, output, errors = await ended(await start(*command, "--url", url))
    assert (exit_code, output) == (1, "")
    assert errors.startswith(f"asocial: cannot reach {url}: what answers there is no Asocial server")
    assert errors.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (("say", "a b", "x"), 2, "not the name of a channel"),
        (("say", "garden", "x", "--at", "here"), 2, "must be two numbers"),
        (("say", "garden", "x", "--color", "pink"), 2, "must be one of rust, coral"),
        (
            ("say", "garden", "x", "--url", "http://127.0.0.1:9"),
            1,
            "cannot reach http://127.0.0.1:9: connection refused",
        ),
        (("watch", "garden", "--url", "http://localhost:9"), 1, "cannot reach http://localhost:9: connection refused"),
        (("say", "garden", ""), 1, "payload_empty"),
    ],
)
async def test_an_error_is_one_line_and_an_exit_code(
    server: Server, arguments: tuple[str, ...], code: int, complaint: str
) -> None:
    exit_code, output, errors = await ended(await start(*arguments, ASOCIAL_URL=server.origin))
    assert (exit_code, output) == (code, "")
    assert complaint in errors
    assert "Traceback" not in errors


async def test_without_the_client_the_command_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "asocial_client.py").write_text("raise ModuleNotFoundError('asocial_client')")
    process = await start("say", "garden", "x", PYTHONPATH=os.pathsep.join((str(tmp_path), str(SOURCE))))
    exit_code, _, errors = await ended(process)
    assert exit_code == 2
    assert "pip install '.[cli]' ./packages/python" in errors


async def test_a_command_of_the_client_loads_nothing_of_the_server() -> None:
    """It would take half of the time until the command starts."""
    code = (
        "import sys; from asocial.cli import main\n"
        "try: main(['say', '--help'])\n"
        "finally: print('LOADED', *sorted({*sys.modules}))"
    )
    process = await start("-c", code, module="")
    _, output, _ = await ended(process)
    loaded = output.partition("LOADED")[2].split()
    assert "asocial_client.commands" in loaded
    ours = {name for name in loaded if name.startswith("asocial.")}
    assert ours == {"asocial.cli", "asocial.client_commands", "asocial.output"}
    assert not {"pydantic", "aiohttp", "structlog"} & {*loaded}


async def shell(command: str, server: Server) -> tuple[int | None, str, str]:
    """What bash says of a command line, in which `asocial` is the command. With its redirections."""
    asocial = f'asocial() {{ "{sys.executable}" -m asocial.cli "$@"; }}\n'
    return await ended(await start_program("bash", "-c", asocial + command, ASOCIAL_URL=server.origin))


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
async def test_a_closed_standard_stream_reads_and_writes_nothing(server: Server, ada: Client, closed: str) -> None:
    assert await shell(f"asocial say garden 'no streams' {closed}", server) == (0, "", "")
    assert (await ada.receive("chat"))["payload"] == "no streams"


async def test_a_full_disk_is_not_taken_for_an_unreachable_server(server: Server) -> None:
    code, _, errors = await shell("asocial watch garden >/dev/full", server)
    assert (code, errors) == (1, "asocial: cannot write to standard output: No space left on device\n")


@pytest.mark.parametrize(
    ("environ", "text", "posted"),
    [
        ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, "héllo 日本", "héllo 日本"),
        ({}, r"$'h\xff\xfello'", "h\ufffd\ufffdllo"),
    ],
    ids=["the C locale", "bytes that are not UTF-8"],
)
async def test_what_is_said_is_read_as_utf8_in_every_locale(
    server: Server, ada: Client, environ: dict[str, str], text: str, posted: str
) -> None:
    names = " ".join(f"{name}={value}" for name, value in environ.items())
    quoted = text if text.startswith("$") else f"'{text}'"
    assert await shell(f"{names} asocial say garden {quoted}", server) == (0, "", "")
    assert (await ada.receive("chat"))["payload"] == posted


async def test_a_point_may_be_negative_and_must_be_finite(server: Server, ada: Client) -> None:
    code, _, errors = await ended(await start("say", "garden", "left", "--at", "-10,-2.5", ASOCIAL_URL=server.origin))
    assert (code, errors) == (0, "")
    assert (await ada.receive("chat"))["position"] == {"x": -10, "y": -2.5}
    code, _, errors = await ended(await start("say", "garden", "nowhere", "--at", "nan,0", ASOCIAL_URL=server.origin))
    assert code == 2
    assert "must be two numbers" in errors


async def test_join_needs_a_terminal(server: Server) -> None:
    code, output, errors = await ended(await start("join", "garden", ASOCIAL_URL=server.origin))
    assert (code, output, errors) == (2, "", "asocial: `join` needs a terminal; `watch` prints what happens\n")


@pytest.mark.parametrize("arguments", [("", "hi"), ("garden", "hi", "--token", "a\nb")])
async def test_a_name_or_token_that_cannot_be_one_is_a_wrong_argument(
    server: Server, arguments: tuple[str, ...]
) -> None:
    code, _, errors = await ended(await start("say", *arguments, ASOCIAL_URL=server.origin))
    assert code == 2
    assert errors.startswith("asocial: not ")
    assert errors.count("\n") == 1
