"""A record of what happened, and of what must not have happened."""

import collections

import scripts


class book:
    def __init__(self):
        self.counts = collections.Counter()
        self.violations = []
        self.forbidden = set()  # tokens of requests that no host may ever see complete
        self.malformed = set()  # and of those of which it may see nothing
        self._executed = collections.Counter()
        self._last_token = 0

    def token(self):
        self._last_token += 1
        return f"t{self._last_token}"

    def count(self, event):
        self.counts[event] += 1

    def violation(self, text):
        self.violations.append(text)

    def executed(self, token, method, script):
        """Records that the host got a complete request; returns how often it has got it."""
        self._executed[token] += 1
        tries = self._executed[token]
        # Once, and once more after a recovery, or if RFC 9110 section 9.2.2 allows it.
        again = (script in scripts.CURES) + (method in ("GET", "HEAD"))
        if tries > 1 + again:
            self.violation(f"{method} {token} ({script}) was executed {tries} times")
        if token in self.forbidden:
            self.violation(f"{token} was cut by its client, and the host has it whole")
        return tries
