"""docs/performance.md and its plots, from results alone.

    python -m benchmarks.report            from benchmarks/results/ into docs/
    python -m benchmarks.report --quick    from benchmarks/results/quick/, tables to the terminal

Medians over rounds. Every figure in the page comes from a result file, which names its commit and machine.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence

from benchmarks import plots
from benchmarks.figures import (
    MORE_IS_BETTER,
    SMALL,
    Results,
    Row,
    all_speak,
    generator_bound,
    kept,
    latency,
    middle,
    profiles,
    rate,
    shape_title,
    shapes,
    small,
)
from benchmarks.machine import RESULTS, ROOT
from benchmarks.run import NOISE
from benchmarks.servers import ASOCIAL, SERVERS

PAGE = ROOT / "docs" / "performance.md"
PLOTS = ROOT / "docs" / "performance"
TEMPLATE = ROOT / "benchmarks" / "performance.md.in"
NONE = "—"
MISSING = "Not measured yet."
NOISY = (
    "> **Read the absolute figures below as a lower bound.** Other programs used {noise:.1f} cores of this machine "
    "while it was measured (the median over all probes)."
)


SOAK_MIN_MINUTES = 10
"""A slope of fewer is of the warm-up."""


def number(value: float | None, form: str = ",.0f", unit: str = "") -> str:
    return NONE if value is None else f"{value:{form}}{unit}"


def rounded(value: float | None) -> str:
    """Three figures are all that such a measurement has."""
    if value is None:
        return NONE
    return f"{float(f'{value:.3g}'):,.0f}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---", *("---:" for _ in head[1:])], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def label(server: str) -> str:
    return f"**{SERVERS[server].label}**" if server == ASOCIAL.name else SERVERS[server].label


def fanout_table(results: Results) -> str:
    columns = shapes(results)
    # Where a message is made once for many, what is left is the cost of delivering.
    crowd = next((shape for shape in columns if shape["people"] == 500 and not all_speak(shape)), columns[0])
    rows = []
    for server in SERVERS:
        if results.rows("fanout", server):
            cells = [
                ("at least " if generator_bound(results, server, shape) else "") + rounded(rate(results, server, shape))
                for shape in columns
            ]
            cpu = kept(results, server, crowd, lambda row: row["cpu_s_per_million"])
            rows.append([label(server), *cells, number(cpu, ".2f", " s")])
    head = ["deliveries/s", *map(shape_title, columns), f"CPU per million ({shape_title(crowd)})"]
    return table(head, rows)


def large_channel_table(results: Results) -> str:
    rows = []
    for server in SERVERS:
        found = results.rows("large_channel", server)
        if found:
            p50, p99 = (latency(found, at) for at in ("p50_ms", "p99_ms"))
            arrived = middle(found, lambda row: 100 * row["heard"] / row["expected"])
            cpu = number(middle(found, lambda row: row.get("cpu_s_per_million")), ".2f", " s")
            rows.append(
                [
                    label(server),
                    number(p50, ",.0f", " ms"),
                    number(p99, ",.0f", " ms"),
                    number(arrived, ".0f", " %"),
                    cpu,
                ]
            )
    first = results.rows("large_channel")[0]
    what = f"{shape_title(first['shape'])}, {first['rate']:g} messages/s"
    return table([what, "p50", "p99", "arrived", "CPU per million"], rows)


def small_table(results: Results) -> str:
    rows = []
    for server in SERVERS:
        cells = [number(small(results, server, name), form, unit) for name, (_, _, form, unit) in SMALL.items()]
        if any(cell != NONE for cell in cells):
            rows.append([label(server), *cells])
    return table(["", *SMALL], rows)


def cursor_table(results: Results) -> str:
    rows = []
    for server in SERVERS:
        found = results.rows("cursors", server)
        if not found:
            continue
        best = middle([row["kept"] for row in found if row["kept"]], lambda row: row["rate"])
        ten = [row["at_10_hz"] for row in found if row["at_10_hz"]]
        p50 = middle(ten, lambda row: row["cursor_age"]["p50_ms"])
        p99 = middle(ten, lambda row: row["cursor_age"]["p99_ms"])
        at_ten = f"{number(p50, '.0f')} / {number(p99, '.0f')} ms" if ten else NONE
        people = found[0]["shape"]["people"]
        seen = middle(ten, lambda row: row["cursors"] / row["cursors_sent"])
        seen = seen and 100 * seen / (people - 1)
        rows.append([label(server), at_ten, number(seen, ".0f", " %"), number(best and best / people, ".2f", " Hz")])
    return table(["", "at 10 Hz: age p50 / p99", "positions seen", "highest rate kept, each person"], rows)


def processes_table(results: Results) -> str:
    rows = []
    for server in SERVERS:
        counts = sorted({row["processes"] for row in results.rows("processes", server)})
        for count in counts:
            mine = [row for row in results.rows("processes", server) if row["processes"] == count and row["kept"]]
            best = middle(mine, lambda row: row["kept"]["rate"] * (row["shape"]["people"] - 1))
            cpu = middle([row["kept"] for row in mine], lambda row: row["cpu_s_per_million"])
            p50 = middle([row["kept"] for row in mine], lambda row: row["latency"]["p50_ms"])
            rows.append([label(server), str(count), rounded(best), number(p50, ".1f", " ms"), number(cpu, ".2f", " s")])
    return table(["with Redis", "processes", "deliveries/s", "p50 there", "servers' CPU per million"], rows)


def canvas_rows(results: Results) -> list[tuple[Row, Row]]:
    """(plan, row) of each measured crowd: by places first, then the worst case and several processes."""
    files = [file for file in results.all() if file.get("benchmark") == "canvas"]
    found = [(file["plan"], row) for file in files for row in file["rows"]]
    return sorted(found, key=lambda each: (each[0]["processes"], each[0]["places"] == 1, each[0]["people"]))


def canvas_title(plan: Row) -> str:
    title = f"{plan['people']:,}"
    if plan["places"] == 1:
        title += ", all in one place"
    if plan["processes"] > 1:
        title += f", {plan['processes']} processes and Redis"
    return title + (", with a browser" if plan["browser"] else "")


def canvas_table(results: Results) -> str:
    head = [
        *("people", "messages/s", "message p50 / p99", "pointer age p99", "lost, doubled", "kB/s a person"),
        *("KiB a person", "CPU server", "CPU generator"),
    ]
    lines = [
        [
            canvas_title(plan),
            f"{plan['rate']:g}",
            f"{row['message_p50_ms']:.0f} / {row['message_p99_ms']:.0f} ms",
            f"{row['pointer_age_p99_ms']:.0f} ms",
            f"{row['lost']:,}, {row['doubled']:,} of {row['due']:,}",
            f"{row['kb_per_person_per_s']:.1f}",
            f"{row['rss_kib_per_person']:.0f}",
            f"{row['server_cpu']:.2f}",
            f"{row['generator_cpu']:.2f}" + (" (its limit)" if row["generator_limits"] else ""),
        ]
        for plan, row in canvas_rows(results)
    ]
    return table(head, lines) if lines else MISSING


def canvas_browser_table(results: Results) -> str:
    seen = [(plan, row["browser"]) for plan, row in canvas_rows(results) if "browser" in row]
    lines = [
        [f"{plan['people']:,}", zoom, f"p50 {each['p50_ms']} ms, p95 {each['p95_ms']} ms", str(each["messages"])]
        for plan, zooms in seen
        for zoom, each in zooms.items()
    ]
    return table(["people around", "zoom", "frames while panning", "messages in view"], lines) if lines else ""


def page_table(results: Results) -> str:
    rows = results.rows("page")
    if not rows:
        return MISSING
    row, kib = rows[-1], 1024
    loaded = row["loaded_bytes"]
    lines = [
        [
            "loaded on a first visit",
            f"{loaded['total'] / kib:.0f} KiB, of it {loaded['js'] / kib:.1f} KiB of JavaScript",
        ],
        ["first keystroke drawn after", f"{row['first_keystroke_ms']['median']:.0f} ms"],
        [
            "keystroke to the other's paint",
            f"{row['to_the_other_ms']['median']:.0f} ms (p95 {row['to_the_other_ms']['p95']:.0f} ms)",
        ],
        *(
            [
                f"frames while panning, {each['messages']} messages in view, {each['cursors']} cursors, "
                f"zoom {each['zoom']:g}",
                f"p50 {each['p50_ms']} ms, p95 {each['p95_ms']} ms, p99 {each['p99_ms']} ms",
            ]
            for each in row["frames"]
        ),
    ]
    return table(["the page", ""], lines)


def layout_table(results: Results) -> str:
    rows = results.rows("page_layout")
    if not rows:
        return MISSING
    head = ["people who write at once", "overlap", "leash median", "leash p95", "messages as text", "as dots"]
    lines = [
        [
            str(row["people"]),
            f"{row['overlap_percent']:g} %",
            f"{row['leash_median_px']} px",
            f"{row['leash_p95_px']} px",
            f"at most {row['words_most']}",
            f"at most {row['dots_most']}",
        ]
        for row in rows
    ]
    return table(head, lines)


def soak_text(results: Results) -> str:
    file = results.file("soak")
    if not file:
        return MISSING
    s, plan = file["summary"], file["plan"]
    what = (
        f"{s['minutes']:g} minutes, {plan['people']:,} people in {plan['channels']} channels over Redis: {s['sent']:,} "
        f"messages, {s['lost']:,} deliveries lost, {s['wrong']:,} doubled or out of order. "
    )
    if s["minutes"] < SOAK_MIN_MINUTES:
        return what + "Too short to say whether anything grows."
    return what + (
        f"After the warm-up (the first third), in ten minutes: RSS {s['rss_mb_per_10_min']:+.2f} MB, open files "
        f"{s['open_files_per_10_min']:+.1f}, threads {s['threads_per_10_min']:+.1f}, "
        f"tasks {s['tasks_per_10_min']:+.1f}, Redis "
        f"{s['redis_mb_per_10_min']:+.3f} MB and {s['redis_keys_per_10_min']:+.1f} keys."
    )


def behind(
    what: str, values: dict[str, float | None], form: str, unit: str, *, more_is_better: bool = False
) -> list[str]:
    """A line about those of `values`, by server, that are better than Asocial's; none where none is."""
    ours = values[ASOCIAL.name]
    if ours is None:
        return []
    better = [
        f"{SERVERS[server].label} ({number(value, form, unit)})"
        for server, value in values.items()
        if value is not None and (value > ours if more_is_better else value < ours)
    ]
    return [f"{what}: {number(ours, form, unit)}; better: {', '.join(better)}."] if better else []


def losses(results: Results) -> list[str]:
    """Every column in which somebody is better than Asocial."""
    told = []
    for shape in shapes(results):
        if not results.rows("fanout", ASOCIAL.name):
            break
        ours = rate(results, ASOCIAL.name, shape)
        for server in SERVERS:
            theirs = rate(results, server, shape)
            if theirs is not None and (ours is None or theirs > ours):
                much = f"{theirs / ours:.2f} times as much" if ours else "and Asocial kept no rate at all"
                told.append(f"{shape_title(shape)}: {SERVERS[server].label} delivers {rounded(theirs)}/s, {much}.")
    large_channels = {server: latency(results.rows("large_channel", server), "p99_ms") for server in SERVERS}
    told += behind("5,000 in one channel, 100 messages/s, p99", large_channels, ".0f", " ms")
    for name, (_, _, form, unit) in SMALL.items():
        found = {server: small(results, server, name) for server in SERVERS}
        told += behind(name, found, form, unit, more_is_better=name in MORE_IS_BETTER)
    return told


def targets(results: Results) -> str:
    """The targets, what was measured, and whether it was reached."""
    by_people = {(shape["channels"], shape["people"], all_speak(shape)): shape for shape in shapes(results)}
    some, everyone = by_people.get((1, 500, False)), by_people.get((1, 500, True))

    def of(server: str, shape: Row | None = some) -> float | None:
        return rate(results, server, shape) if shape else None

    def ratio(server: str, shape: Row | None = some) -> float | None:
        ours, theirs = of(ASOCIAL.name, shape), of(server, shape)
        return ours / theirs if ours and theirs else None

    large_channels = results.rows("large_channel", ASOCIAL.name)
    hall_p99 = None if any(row["lost"] for row in large_channels) else latency(large_channels, "p99_ms")
    ours_p50, theirs_p50 = small(results, ASOCIAL.name, "p50, quiet"), small(results, "uwebsockets", "p50, quiet")
    page = results.rows("page")
    frames = [each["p95_ms"] for row in page for each in row["frames"] if each["zoom"] == 1.0]
    script = page[-1]["loaded_bytes"]["js"] / 1024 if page else None
    soak = results.file("soak").get("summary", {})
    quiet_ratio = ours_p50 / theirs_p50 if ours_p50 and theirs_p50 else None
    hub, uws = ratio("gin_melody"), ratio("uwebsockets")
    lines: list[tuple[str, str, float | None, str, bool | None]] = []

    def line(what: str, target: str, value: float | None, shown: str, reached: Callable[[float], bool]) -> None:
        lines.append((what, target, value, shown, None if value is None else reached(value)))

    line(
        "500 in a channel, 50 of them speaking, p99 <= 50 ms",
        ">= 5,000,000/s",
        of(ASOCIAL.name),
        rounded(of(ASOCIAL.name)),
        lambda v: v >= 5e6,
    )
    line("the same, against the Go hub", ">= 25x", hub, number(hub, ".1f", "x"), lambda v: v >= 25)
    line("the same, against uWebSockets", ">= 4x", uws, number(uws, ".1f", "x"), lambda v: v >= 4)
    all_rate, all_uws = of(ASOCIAL.name, everyone), ratio("uwebsockets", everyone)
    line("the same, all 500 speaking", ">= 5,000,000/s", all_rate, rounded(all_rate), lambda v: v >= 5e6)
    line("all speaking, against uWebSockets", ">= 4x", all_uws, number(all_uws, ".1f", "x"), lambda v: v >= 4)
    line(
        "5,000 in a channel, 100 messages/s, p99, nothing lost",
        "<= 150 ms",
        hall_p99,
        number(hall_p99, ".0f", " ms"),
        lambda v: v <= 150,
    )
    line("p50 when quiet, against uWebSockets", "<= 1x", quiet_ratio, number(quiet_ratio, ".2f", "x"), lambda v: v <= 1)
    idle = small(results, ASOCIAL.name, "idle connection")
    line("memory of an idle connection", "<= 20 KiB", idle, number(idle, ".1f", " KiB"), lambda v: v <= 20)
    storm = small(results, ASOCIAL.name, "storm, all back")
    line("everyone reconnecting at once", "<= 10 s", storm, number(storm, ".2f", " s"), lambda v: v <= 10)
    p95 = middle([{"p95": each} for each in frames], lambda row: row["p95"])
    # One turn of 60 Hz is 16.7 or 16.8 ms by a page's clock, which has steps of 0.1 ms; the next is 33.3.
    line("frames, 300 messages, 200 cursors, p95", "<= 16.7 ms", p95, number(p95, ".1f", " ms"), lambda v: v <= 16.85)
    line("JavaScript on first load", "<= 100 KiB", script, number(script, ".1f", " KiB"), lambda v: v <= 100)
    long_enough = soak.get("minutes", 0) >= SOAK_MIN_MINUTES
    slope = soak["rss_mb_per_10_min"] if long_enough else None
    line("soak: RSS in ten minutes", "< 1 MB", slope, number(slope, "+.2f", " MB"), lambda v: v < 1)
    words = {None: "not measured", True: "yes", False: "**no**"}
    return table(["", "target", "measured", "reached"], [[a, b, d, words[e]] for a, b, _, d, e in lines])


def profiles_text(results: Results) -> str:
    tables = []
    for title, ((was, before), (now, after)) in profiles(results):
        parts = sorted(before.keys() | after.keys(), key=lambda part: -before.get(part, 0.0))
        lines = [[part, f"{before.get(part, 0.0):.1f}", f"{after.get(part, 0.0):.1f}"] for part in parts]
        lines.append(["all", f"{sum(before.values()):.1f}", f"{sum(after.values()):.1f}"])
        tables.append(f"{title}\n\n" + table(["µs of processor a message", was, now], lines))
    return "\n\n".join(tables) or MISSING


def draw(results: Results) -> list[str]:
    """The plots that the results allow, into docs/performance/; their names."""
    PLOTS.mkdir(parents=True, exist_ok=True)
    made = {}
    panels = []
    for shape in shapes(results):
        found = [(SERVERS[s].label, rate(results, s, shape)) for s in SERVERS if results.rows("fanout", s)]
        panels.append(
            (
                shape_title(shape),
                [(name, value, f"{rounded(value)}/s" if value else "none within the bound") for name, value in found],
            )
        )
    if panels:
        made["fanout"] = plots.bars(panels, ours=ASOCIAL.label, log=True)
    panels = []
    for name, (_, _, form, unit) in SMALL.items():
        values = [(SERVERS[s].label, small(results, s, name)) for s in SERVERS]
        rows: list[plots.Bar] = [(who, value, number(value, form, unit)) for who, value in values if value is not None]
        if rows:
            panels.append((name, rows))
    if panels:
        made["costs"] = plots.bars(panels, ours=ASOCIAL.label)
    samples = results.file("soak").get("rows")
    if samples:
        per = [
            ("RSS", "rss_mb", "MB"),
            ("open files", "open_files", ""),
            ("tasks", "tasks", ""),
            ("Redis", "redis_mb", "MB"),
        ]
        drawn = [(title, [(s["at_s"] / 60, s[key]) for s in samples], unit) for title, key, unit in per]
        made["soak"] = plots.lines(drawn, x_title="minutes")
    crowds = [
        (canvas_title(plan), row["kb_per_person_per_s"])
        for plan, row in canvas_rows(results)
        if plan["processes"] == 1 and not plan["browser"]
    ]
    if crowds:
        bars: list[plots.Bar] = [(title, value, f"{value:.1f} kB/s") for title, value in crowds]
        made["canvas"] = plots.bars([("bytes a person", bars)], ours="")
    profiled = profiles(results)
    if profiled:
        made["profiles"] = plots.stacks(profiled, unit="µs")
    for name, svg in made.items():
        (PLOTS / f"{name}.svg").write_text(svg)
    return list(made)


def _thoroughness(results: Results) -> str:
    plan = results.file("fanout").get("plan")
    if plan is None:
        return ""
    within = f"{plan['precision'] - 1:.0%}"
    return f"; {plan['rounds']} round(s), probes of {plan['probe_s']:g} s, ends of a search within {within}"


def sections(results: Results) -> dict[str, str]:
    told = losses(results)
    machines = results.machines()
    machine = machines[0] if machines else {}
    return {
        "machine": f"{machine.get('cpu', '?')}, {machine.get('cores', '?')} cores, Linux {machine.get('kernel', '?')}, "
        f"Python {machine.get('python', '?')}; commit{'s' if len({m['commit'] for m in machines}) > 1 else ''} "
        + ", ".join(sorted({m["commit"][:10] + (" with changes" if m["dirty"] else "") for m in machines}))
        + _thoroughness(results),
        "noise": NOISY.format(noise=results.noise()) if results.noise() > NOISE else "",
        "targets": targets(results),
        "fanout": fanout_table(results) if results.rows("fanout") else MISSING,
        "large_channel": large_channel_table(results) if results.rows("large_channel") else MISSING,
        "small": small_table(results),
        "cursors": cursor_table(results) if results.rows("cursors") else MISSING,
        "canvas": canvas_table(results),
        "canvas_browser": canvas_browser_table(results),
        "processes": processes_table(results) if results.rows("processes") else MISSING,
        "page": page_table(results),
        "layout": layout_table(results),
        "soak": soak_text(results),
        "profiles": profiles_text(results),
        "losses": "\n".join(f"- {each}" for each in told) or "Nowhere, in these results.",
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="print what `make bench` measured")
    given = parser.parse_args()
    results = Results(RESULTS / "quick" if given.quick else RESULTS)
    parts = sections(results)
    if given.quick:
        told = [part for name, part in parts.items() if part and part != MISSING and name not in ("losses", "profiles")]
        print("\n\n".join(told))
        print("\nWhere Asocial is behind:\n" + parts["losses"])
        return 0
    made = draw(results)
    pictures = {
        f"{name}_plot": f"![{name}](performance/{name}.svg)" if name in made else ""
        for name in ("fanout", "costs", "canvas", "profiles", "soak")
    }
    text = TEMPLATE.read_text().format(**parts, **pictures)
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    PAGE.write_text(text)
    print(f"written: {PAGE.relative_to(ROOT)} and {len(made)} plots")
    return 0


if __name__ == "__main__":
    sys.exit(main())
