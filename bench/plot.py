#!/usr/bin/python3
"""Draws the results of compare.py (--json) as SVG: growth curves from a file made with --growth,
bars from one made without.

    bench/plot.py growth.json figures.json [--to docs/images]

Needs Debian's python3-matplotlib. The same figures give the same bytes.
"""

import argparse
import json
import os
import sys

try:
    import matplotlib
except ImportError:
    sys.exit("plot.py needs matplotlib: apt-get install python3-matplotlib")

matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402 (the backend comes first)

GREY = "#808080"  # readable on white and on black
# Okabe and Ito's palette, which colour-blind people can distinguish; the shapes differ as well.
KNOWN = {
    "nginx": ("#009e73", "s"),
    "haproxy": ("#e69f00", "^"),
    "floor": (GREY, "x"),
}
OTHERS = (("#0082c8", "o"), ("#d55e00", "D"), ("#cc79a7", "v"), ("#56b4e9", "P"))

GROWTH = {
    "requests": ("CPU per small request", "connections", "µs of CPU per request"),
    "streams": ("CPU per streamed event", "open streams", "µs of CPU per event"),
}
# Each panel has one unit: its title, the unit, and its figures.
PANELS = (
    ("CPU per request", "µs", (("request_c1", "1"), ("request_c16", "16"), ("request_c64", "64")),
     "connections"),
    ("CPU per event", "µs", (("event_s64", "64"), ("event_s512", "512")), "streams"),
    ("CPU per MB", "µs", (("up", "up"), ("down", "down")), ""),
    ("memory per 1,000 connections", "MB", (("idle", "idle"), ("streams", "streaming")), ""),
)

matplotlib.rcParams.update({
    "svg.hashsalt": "secondwind",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 11,
    "text.color": GREY,
    "axes.edgecolor": GREY,
    "axes.labelcolor": GREY,
    "axes.titlecolor": GREY,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
})


def styles(names):
    free = iter(OTHERS * len(names))
    return {name: KNOWN.get(name) or next(free) for name in names}


def save(figure, folder, name, below=0):
    """`below` is the share of the height that a legend under the panels takes."""
    path = os.path.join(folder, f"{name}.svg")
    figure.tight_layout(rect=(0, below, 1, 1))
    figure.savefig(path, transparent=True, metadata={"Date": None, "Creator": None})
    pyplot.close(figure)
    # The library writes trailing spaces.
    with open(path, encoding="utf-8") as file:
        text = "\n".join(line.rstrip() for line in file.read().splitlines()) + "\n"
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    print(path)


def draw_growth(kind, curves, folder):
    """`curves` is {count: {target: µs}}."""
    title, across, upwards = GROWTH[kind]
    counts = sorted(curves, key=int)
    names = list(curves[counts[0]])
    figure, axes = pyplot.subplots(figsize=(7, 4))
    for name, (colour, shape) in styles(names).items():
        points = [(int(count), curves[count].get(name)) for count in counts]
        points = [point for point in points if point[1] is not None]
        axes.plot(
            *zip(*points), color=colour, marker=shape, label=name, linewidth=2,
            linestyle="--" if name == "floor" else "-",
        )
    axes.set_xscale("log", base=2 if kind == "requests" else 10)
    axes.set_xticks([int(count) for count in counts], [f"{int(count):,}" for count in counts])
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.set_title(title)
    axes.set_xlabel(across)
    axes.set_ylabel(upwards)
    axes.grid(axis="y", color=GREY, alpha=0.25)
    axes.legend(ncols=2)
    save(figure, folder, f"growth-{kind}")


def draw_bars(medians, folder):
    """`medians` is {figure: {target: value}}."""
    names = list(medians["request_c1"])
    figure, panels = pyplot.subplots(2, 2, figsize=(9, 6.5))
    width = 0.8 / len(names)
    for axes, (title, unit, bars, across) in zip(panels.flat, PANELS):
        for i, (name, (colour, _)) in enumerate(styles(names).items()):
            at = [place + (i - (len(names) - 1) / 2) * width for place in range(len(bars))]
            heights = [medians[key].get(name, 0) for key, _ in bars]
            axes.bar(at, heights, width * 0.92, color=colour, label=name)
        axes.set_xticks(range(len(bars)), [label for _, label in bars])
        axes.set_title(title)
        axes.set_xlabel(across)
        axes.set_ylabel(unit)
        axes.grid(axis="y", color=GREY, alpha=0.25)
        axes.set_axisbelow(True)
    handles, labels = panels.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncols=len(names))
    save(figure, folder, "figures", below=0.06)


def main():
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--to", metavar="DIR", default=os.path.join(root, "docs", "images"))
    given = parser.parse_args()
    os.makedirs(given.to, exist_ok=True)
    for path in given.files:
        with open(path, encoding="utf-8") as file:
            kept = json.load(file)
        for kind, curves in kept.get("growth", {}).items():
            draw_growth(kind, curves, given.to)
        if "figures" in kept:
            draw_bars(kept["figures"]["medians"], given.to)


if __name__ == "__main__":
    main()
