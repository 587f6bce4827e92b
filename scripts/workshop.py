"""The front door's commands, one for each target of the Makefile.

python -m scripts.workshop COMMAND [ARGUMENT ...]
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable

from scripts import audit, benchmarks, checks, page, python_env, system
from scripts.command import ROOT, Failure, say, step, stop_running

Arguments = list[str]


def env(arguments: Arguments) -> None:
    python_env.ensure("dev" if "dev" in arguments else "run")


def build_page(arguments: Arguments) -> None:
    if page.is_fresh():
        return
    env(arguments)
    page.build(python_env.ensure_node())


def run(arguments: Arguments) -> None:
    started = time.monotonic()
    env([])
    build_page([])
    if (took_s := time.monotonic() - started) > 1:
        say(f"ready after {took_s:.0f} s; next time this takes none")
    # In place of this process: Ctrl-C, SIGTERM and the exit code are the server's own.
    os.execv(python_env.SERVER, [str(python_env.SERVER), "serve", *arguments])


def check(_: Arguments) -> None:
    node = _dev_tools()
    failed = checks.run_lanes(checks.web_checks(node), [*checks.python_checks(), checks.unit_tests()])
    _conclude(failed, "make check")


def test(arguments: Arguments) -> None:
    programs = system.ensure()
    node = _dev_tools()
    build_page(["dev"])
    failed = checks.run_lanes(checks.web_checks(node), checks.python_checks())
    if not checks.run_pytest([*checks.side_by_side(), *arguments], programs):
        failed.append("pytest")
    _conclude(failed, "make test")


def test_full(arguments: Arguments) -> None:
    """Tests that take minutes each: files whose names pytest does not collect by itself."""
    programs = system.ensure()
    _dev_tools()
    build_page(["dev"])
    passed = checks.run_pytest(["-s", *_full("faults"), *arguments], programs)
    _conclude([] if passed else ["pytest"], "make test-full")


def _full(folder: str) -> list[str]:
    return sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tests" / folder).glob("full_*.py"))


def test_deploy(arguments: Arguments) -> None:
    _deploy(["tests/deploy", *arguments], "make test-deploy")


def test_deploy_full(arguments: Arguments) -> None:
    """Minutes each: files whose names pytest does not collect by itself."""
    _deploy(["-s", *_full("deploy"), *arguments], "make test-deploy-full", system.DEBOOTSTRAP)


def _deploy(arguments: Arguments, command: str, *besides: system.Program) -> None:
    programs = system.ensure((*system.DEPLOY_PROGRAMS, *besides))
    system.ensure_actionlint()
    _dev_tools()
    build_page(["dev"])
    passed = checks.run_pytest(arguments, {**programs, "ASOCIAL_TEST_DEPLOY": "1"})
    _conclude([] if passed else ["pytest"], command)


def _dev_tools() -> page.Node:
    python_env.ensure("dev")
    node = python_env.ensure_node()
    page.install_packages(node)
    return node


def _conclude(failed: list[str], command: str) -> None:
    if failed:
        raise Failure("not everything holds", f"failed: {', '.join(failed)}; see above", f"{command} (once mended)")


def format_code(_: Arguments) -> None:
    node = _dev_tools()
    ruff = checks.BIN / "ruff"
    fix = "make check"
    step("formatting Python", [ruff, "format", "."], fix=fix)
    step("mending what ruff can mend", [ruff, "check", "--fix-only", "."], fix=fix)
    step("formatting the page", [*node.npm, "run", "format"], cwd=page.WEB, env=node.environment(), fix=fix)


def lock(arguments: Arguments) -> None:
    """Newer versions only on request: `make lock ARGS=--upgrade`."""
    uv = python_env.uv()
    if uv is None:
        raise Failure("the lock files cannot be compiled", "there is no uv on the PATH", "pip install uv")
    common = ["--universal", "--generate-hashes", "--python-version", "3.11", "--quiet", *arguments]
    compile_ = [uv, "pip", "compile", *common, "--no-emit-index-url", "--no-emit-find-links"]
    compile_ += ["--custom-compile-command", "make lock"]
    of_run, of_dev = python_env.lock_file("run"), python_env.lock_file("dev")
    within_run = ["--constraints", str(of_run.relative_to(ROOT))]
    # Paths relative to the project: uv writes the names it was given into the files.
    for name, sources in {
        of_run: ["pyproject.toml", "--group", "build"],
        of_dev: ["pyproject.toml", "--extra", "otel", "--group", "dev", *within_run],
        python_env.lock_file("image"): ["pyproject.toml", "--extra", "otel", *within_run],
        page.NODE_LOCK: ["--group", "node"],
        python_env.lock_file("build"): ["--group", "build"],
        python_env.lock_file("audit"): ["--group", "audit"],
        benchmarks.PEERS_LOCK: [str(benchmarks.PEERS_LOCK.with_suffix(".in").relative_to(ROOT))],
    }.items():
        output = str(name.relative_to(ROOT))
        fix = "make lock (once pyproject.toml is mended or the package index answers)"
        step(f"compiling {output}", [*compile_, *sources, "--output-file", output], network=True, fix=fix)
        if "://" in name.read_text():
            raise Failure(
                f"{output} names a host",
                "packages are to come from each reader's own index",
                f"$EDITOR {output}",
            )
    env([])
    node = python_env.ensure_node()
    for doing, npm_command in {
        # package.json pins exact versions: newer ones are written there by hand.
        "compiling web/package-lock.json": ["install", "--package-lock-only"],
        # npm leaves a package that the registry lacks out of the lock, then refuses to install from it.
        "trying web/package-lock.json": ["ci", "--dry-run"],
    }.items():
        step(
            doing,
            [*node.npm, *npm_command, "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=page.WEB,
            env={**node.environment(), "npm_config_omit_lockfile_registry_resolved": "true"},
            network=True,
            fix="make lock (once web/package.json is mended or the registry answers)",
        )


def screenshots(arguments: Arguments) -> None:
    programs = system.ensure()
    _dev_tools()
    build_page(["dev"])
    step(
        "taking pictures of the page into docs/screenshots",
        [checks.BIN / "python", "-m", "tests.browser.screenshots", "docs/screenshots", *arguments],
        env={**os.environ, **programs, "PYTHONPATH": "src"},
        fix="make screenshots (once the error above is mended)",
    )


def icons(_: Arguments) -> None:
    programs = system.ensure()
    _dev_tools()
    build_page(["dev"])
    step(
        "drawing the icons and the preview into web/public",
        [checks.BIN / "python", "-m", "tests.browser.icons", "web/public"],
        env={**os.environ, **programs, "PYTHONPATH": "src"},
        fix="make icons (once the error above is mended)",
    )


def audit_dependencies(arguments: Arguments) -> None:
    _dev_tools()
    findings = audit.run(python_env.lock_file("run"), python_env.lock_file("dev"), python_env.ensure_node())
    for line in findings.told:
        say(line)
    if findings.vulnerable:
        raise Failure("a dependency has a known vulnerability", "it is named above", "make lock ARGS=--upgrade")
    if findings.unasked and "--strict" in arguments:
        raise Failure("not every dependency was audited", "a database could not be asked", "make audit ARGS=--strict")


def bench(arguments: Arguments) -> None:
    _bench(arguments, full=False)


def bench_full(arguments: Arguments) -> None:
    _bench(arguments, full=True)


def _bench(arguments: Arguments, *, full: bool) -> None:
    node = _dev_tools()
    build_page(["dev"])
    benchmarks.run(benchmarks.ensure(node), node, full=full, arguments=arguments)


def clean(_: Arguments) -> None:
    made = (
        ".venv .audit .node dist .mypy_cache .ruff_cache .pytest_cache "
        ".hypothesis .import_linter_cache .tools test-results"
    )
    for path in (*(ROOT / name for name in made.split()), page.PAGE, page.NODE_MODULES, *benchmarks.MADE):
        shutil.rmtree(path, ignore_errors=True)


def programs(_: Arguments) -> None:
    for variable, path in system.ensure().items():
        say(f"{variable}={path}")


COMMANDS: dict[str, Callable[[Arguments], None]] = {
    "audit": audit_dependencies,
    "bench": bench,
    "bench-full": bench_full,
    "check": check,
    "clean": clean,
    "env": env,
    "format": format_code,
    "icons": icons,
    "lock": lock,
    "page": build_page,
    "run": run,
    "screenshots": screenshots,
    "system": programs,
    "test": test,
    "test-deploy": test_deploy,
    "test-deploy-full": test_deploy_full,
    "test-full": test_full,
}


def main() -> int:
    # SIGTERM ends this program as Ctrl-C does: through the `finally` clauses that end its children.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    name, *arguments = sys.argv[1:] or [""]
    if name not in COMMANDS:
        print(f"asocial: no command {name!r}; there are: {', '.join(COMMANDS)}", file=sys.stderr)
        return 2
    try:
        COMMANDS[name](arguments)
    except Failure as failure:
        sys.stdout.flush()
        print(failure, file=sys.stderr)
        return 1
    except OSError as error:
        print(Failure(f"{name}: failed", str(error), f"make {name} (once that is mended)"), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        stop_running()
    return 0


if __name__ == "__main__":
    sys.exit(main())
