#!/usr/bin/env python3
"""Drives raw bytes through a running proxy from both ends, and checks both ends.

    run.py --binary PATH             the cases against secondwind; fails on an unknown fault
    run.py --target nginx|haproxy    the same cases against that proxy, if it is installed
    run.py --binary PATH --table     all of them, and their table into docs/conformance.md

A case that fails and is listed in known_faults.txt is shown, but does not fail the run.
"""

import argparse
import json
import sys
import threading
import time
from pathlib import Path
from queue import Empty, SimpleQueue

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))

import cases  # noqa: E402, F401
import report  # noqa: E402
from registry import CASES  # noqa: E402
from stage import stage  # noqa: E402
from targets import TARGETS, found, secondwind  # noqa: E402
from wire import failure  # noqa: E402

WORKERS = 6


class worker(threading.Thread):
    """Takes case after case. Each has its own proxy and host, one pair for a setup."""

    def __init__(self, target, queue, results):
        super().__init__()
        self.target, self.queue, self.results = target, queue, results
        self.stages = {}
        self.broken = None

    def run(self):
        try:
            while True:
                case = self.queue.get_nowait()
                self.results[case.title] = self._outcome(case)
        except Empty:
            pass
        except Exception as fault:  # noqa: BLE001 - the main thread reports it
            self.broken = fault
        finally:
            for one in self.stages.values():
                one.close()

    def _outcome(self, case):
        if case.setup not in self.stages:
            self.stages[case.setup] = stage(self.target, case.setup)
        on = self.stages[case.setup]
        outcome = None
        try:
            case.run(on)
        except failure as fault:
            outcome = {"expected": fault.expected, "got": fault.got}
        except Exception as fault:  # noqa: BLE001 - a proxy can send unexpected bytes
            outcome = {"expected": "bytes that the case can read", "got": repr(fault)}
        try:
            on.settle()
        except Exception as fault:  # noqa: BLE001
            # The next case gets a working proxy in any event.
            state = "is stuck" if on.proxy.running() else "ended"
            outcome = outcome or {"expected": "a proxy that goes on", "got": f"it {state}: {fault}"}
            on.close()
            del self.stages[case.setup]
        return outcome


def run_all(target, chosen):
    """{title: None, or the expected and the received}, in the order of the cases."""
    queue, results = SimpleQueue(), {}
    for case in chosen:
        queue.put(case)
    workers = [worker(target, queue, results) for _ in range(min(WORKERS, len(chosen)))]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    for one in workers:
        if one.broken:
            raise one.broken
    return {case.title: results[case.title] for case in chosen}


def known_faults():
    lines = (Path(__file__).parent / "known_faults.txt").read_text().splitlines()
    return {line.strip() for line in lines if line.strip() and not line.startswith("#")}


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--binary", help="the secondwind to test")
    parser.add_argument("--target", choices=list(TARGETS), default="secondwind")
    parser.add_argument("--filter", default="", help="only cases whose title has these words")
    parser.add_argument("--json", help="write every outcome to this file")
    parser.add_argument("--list", action="store_true", help="only name the cases")
    parser.add_argument("--table", action="store_true", help="compare, into docs/conformance.md")
    given = parser.parse_args()
    if not given.list and given.target == "secondwind" and not given.binary:
        parser.error("--binary is needed")
    if given.table and (given.filter or given.target != "secondwind"):
        parser.error("--table is about all cases and all proxies")
    return given


def main():
    given = arguments()
    secondwind.binary = given.binary
    chosen = [case for case in CASES if given.filter in case.title]
    if given.list:
        print(*(case.title for case in chosen), sep="\n")
        return 0
    if given.target != "secondwind" and not found(given.target):
        print(f"{given.target} is not installed: skipped")
        return 0
    names = list(TARGETS) if given.table else [given.target]
    outcomes = {}
    for name in names:
        if name == "secondwind" or found(name):
            began = time.monotonic()
            outcomes[name] = run_all(TARGETS[name], chosen)
            print(f"{name}: {len(chosen)} cases in {time.monotonic() - began:.1f} s")
    known = known_faults()
    first = outcomes[names[0]]
    report.failures(first, known if names[0] == "secondwind" else set())
    print(report.table(chosen, outcomes))
    if given.json:
        Path(given.json).write_text(json.dumps(outcomes, indent=1) + "\n")
    if given.table:
        report.write_page(chosen, outcomes)
    failed = [title for title, outcome in first.items() if outcome]
    print(f"{len(first) - len(failed)} passed, {len(failed)} failed")
    ours = names[0] == "secondwind"
    return 1 if not first or (ours and set(failed) - known) else 0


if __name__ == "__main__":
    sys.exit(main())
