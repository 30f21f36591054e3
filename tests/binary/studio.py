"""An emulated LM Studio in a process of its own."""

import json
import os
import signal
import subprocess

from harness import lines

STAGE = os.environ["SECONDWIND_STAGE"]


class studio:
    """One that can hold generations back; tests/e2e/stage.cpp has its commands and settings."""

    def __init__(self, **settings):
        self._child = subprocess.Popen(
            [STAGE, *([json.dumps(settings)] if settings else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._answers = lines(self._child.stdout)
        self.url = self._answers.until(json.loads)["emulator"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()
        self._child.stdin.close()
        self._answers.close()

    def tell(self, **command):
        self._child.stdin.write(json.dumps(command) + "\n")
        self._child.stdin.flush()
        return self._answers.until(json.loads)

    def state(self):
        return self.tell(state=True)

    def pause(self):
        """Its kernel goes on accepting connections."""
        self._child.send_signal(signal.SIGSTOP)

    def go_on(self):
        self._child.send_signal(signal.SIGCONT)

    def end(self):
        self._child.kill()
        self._child.wait()
