"""`secondwind lab` on a machine of 57 models, whose right answers tests/lab/machine.py knows.

SECONDWIND_LAB_KILLS=<n> kills the run n times instead of 3.
"""

import os
import random
import signal
import sys
import unittest
from pathlib import Path

from harness import process
from lab_fixture import LONG, lab

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lab"))
import machine as machines  # noqa: E402

KILLS = int(os.environ.get("SECONDWIND_LAB_KILLS", "3"))


class acceptance(lab):
    """57 models, 6 of them faulty, and a lab that is killed again and again."""

    def test_all_maxima_are_right_and_no_result_is_lost(self):
        made = machines.machine()
        self.emulate(made)
        by_hand = {key for key, config in self.loaded().items()}
        dice = random.Random(57)
        arguments = ("--yes", "--quiet", "0", "--load-timeout", "1s")
        kept = {}
        for _ in range(KILLS):
            running = self.enterContext(
                process(*self.arguments("test", "--all", *arguments),
                        env={"SECONDWIND_ADMIN_LISTEN": "off"})
            )
            for _ in range(dice.randint(1, 180 // KILLS)):
                running.errors.until(lambda line: line)
            running.signal(signal.SIGKILL)
            running.wait()
            found = {key: r["works"] for key, r in self.results().items()
                     if r and r["status"] == "complete"}
            self.assertEqual({key: found.get(key) for key in kept}, kept)
            kept = found
        done = self.lab("test", "--all", *arguments, timeout=LONG)
        self.assertEqual(done.returncode, 3, done.stderr[-4000:])
        results = self.results()
        self.assertEqual({key: results[key]["works"] for key in kept}, kept)
        sound = 0
        loads = 0
        for model in made["models"]:
            truth = machines.truth(made, model)
            result = results[model["key"]]
            with self.subTest(model["key"], truth=truth, result=result):
                if truth.most == 0:
                    self.assertIn(result["status"], ("failed", "skipped"))
                    continue
                self.assertEqual(result["status"], "complete")
                # A prompt is made of lines: where it is what counts, it may be a little shorter.
                spare = 64 if truth.limit in ("memory", "crash", "truncation") else 0
                self.assertLessEqual(result["works"], truth.most + spare)
                self.assertGreater(result["works"],
                                   truth.most - machines.tolerance(truth.most))
                sound += 1
                loads += result["loads"]
        self.assertEqual(sound, machines.SOUND)
        # Most loads go to those whose estimate is wrong, which crash or have holes.
        self.assertLessEqual(loads / sound, 5.5)
        manual = {instance: config for instance, config in self.loaded().items()}
        self.assertLessEqual(set(manual), by_hand)
        self.assertIn(made["loaded"][0]["model"], manual)
        self.assertEqual(self.lab("health").returncode, 0)


if __name__ == "__main__":
    unittest.main()
