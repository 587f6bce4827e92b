"""A parser for as much of the Dockerfile language as our Dockerfiles use: stages, and their instructions in order."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Stage:
    name: str
    base: str
    steps: list[tuple[str, str]] = field(default_factory=list)
    """(instruction, its text), those that change the root: RUN, COPY, WORKDIR, in order."""
    environment: dict[str, str] = field(default_factory=dict)
    user: str = "0:0"
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    healthcheck: list[str] = field(default_factory=list)


def parse(path: Path) -> dict[str, Stage]:
    """The stages by name. Raises ValueError for an instruction that it does not know."""
    text = re.sub(r"\\\n(?:\s*#.*\n)*", " ", re.sub(r"^#.*\n", "", path.read_text(), flags=re.MULTILINE))
    stages: dict[str, Stage] = {}
    arguments: dict[str, str] = {}
    stage: Stage | None = None
    for line in filter(None, map(str.strip, text.splitlines())):
        word, _, rest = line.partition(" ")
        rest = rest.strip()
        match word:
            case "ARG":
                name, _, value = rest.partition("=")
                arguments[name] = value
            case "FROM":
                found = re.fullmatch(r"(?:--platform=\S+ )?(\S+) AS (\w+)", rest)
                if found is None:
                    raise ValueError(line)
                base = re.sub(r"\$\{(\w+)\}", lambda name: arguments[name[1]], found[1])
                stage = stages[found[2]] = Stage(found[2], base)
            case _ if stage is None:
                raise ValueError(line)
            case "RUN" | "COPY" | "WORKDIR":
                stage.steps.append((word, rest))
            case "ENV":
                stage.environment |= dict(pair.split("=", 1) for pair in rest.split())
            case "USER":
                stage.user = rest
            case "ENTRYPOINT":
                stage.entrypoint = json.loads(rest)
            case "CMD":
                stage.command = json.loads(rest)
            case "HEALTHCHECK":
                stage.healthcheck = json.loads(rest[rest.index("[") :])
            case "LABEL" | "EXPOSE" | "STOPSIGNAL":
                pass
            case _:
                raise ValueError(f"not known: {line}")
    return stages
