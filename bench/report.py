"""From the rounds to tables: medians, and medians of the ratios within each round, which do not
depend on changes of the machine's speed between two rounds."""

import statistics

from workloads import FIGURES


def shown(value):
    if value is None:
        return "-"
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def median(values):
    return statistics.median(values) if values else None


def medians(rounds, names):
    """{figure: {target: median}} of a list of {target: {figure: value}}."""
    table = {}
    for figure in FIGURES:
        row = {}
        for name in names:
            values = [one[name][figure] for one in rounds if figure in one.get(name, {})]
            if values:
                row[name] = median(values)
        if row:
            table[figure] = row
    return table


def ratios(rounds, names, base):
    """{figure: {target: median of target / base}}; the base's own column is left out."""
    table = {}
    for figure in FIGURES:
        row = {}
        for name in names:
            pairs = [
                one[name][figure] / one[base][figure]
                for one in rounds
                if figure in one.get(name, {}) and one.get(base, {}).get(figure, 0) > 0
            ]
            if pairs and name != base:
                row[name] = median(pairs)
        if row:
            table[figure] = row
    return table


def recovery_ratio(rounds, names):
    """{target: median of a recovered request's latency by that of its calls made directly}."""
    row = {}
    for name in names:
        values = [
            one[name]["recovery"] / one[name]["recovery_floor"]
            for one in rounds
            if "recovery" in one.get(name, {})
        ]
        if values:
            row[name] = median(values)
    return row


def print_table(title, names, rows):
    """Rows are (label, {target: value})."""
    rows = list(rows)
    if not rows:
        return
    first = max(len(label) for label, _ in rows) + 2
    widths = [max(len(name), 7) + 2 for name in names]
    print(f"\n{title}")
    print(" " * first + "".join(name.rjust(width) for name, width in zip(names, widths)))
    for label, row in rows:
        cells = (shown(row.get(name)).rjust(width) for name, width in zip(names, widths))
        print(label.ljust(first) + "".join(cells))


def label(figure):
    title, unit, _ = FIGURES[figure]
    return f"{title} ({unit})"


def print_figures(rounds, names, bases):
    """Prints the results of the rounds, and returns them."""
    table = medians(rounds, names)
    count = len(rounds)
    heading = f"medians of {count} round" + ("s" if count > 1 else "")
    print_table(heading, names, ((label(figure), row) for figure, row in table.items()))
    result = {"medians": table, "ratios": {}}
    for base in bases:
        by_base = ratios(rounds, names, base)
        result["ratios"][base] = by_base
        rows = (
            (FIGURES[figure][0] + ("" if FIGURES[figure][2] else " (more is better)"), row)
            for figure, row in by_base.items()
        )
        others = [name for name in names if name != base]
        print_table(f"ratio to {base} (median of the rounds' ratios)", others, rows)
    result["recovery_by_floor"] = recovery_ratio(rounds, names)
    for name, ratio in result["recovery_by_floor"].items():
        print(f"\n{name}: a recovered request takes {ratio:.2f} times its calls made directly")
    return result


def print_growth(rounds, names):
    """Rounds are {"requests"|"streams": {count: {target: µs}}}; returns their medians."""
    result = {}
    for kind, title in (
        ("requests", "CPU per request (µs) by connections"),
        ("streams", "CPU per event (µs) by open streams"),
    ):
        counts = rounds[0][kind].keys() if rounds else ()
        result[kind] = {
            count: {
                name: median([one[kind][count][name] for one in rounds if name in one[kind][count]])
                for name in names
            }
            for count in counts
        }
        print_table(title, names, ((str(count), row) for count, row in result[kind].items()))
    return result
