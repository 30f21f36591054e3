"""What happened, and what must not have."""

import collections

import scripts


class book:
    def __init__(self):
        self.counts = collections.Counter()
        self.violations = []
        self.forbidden = set()  # tokens of requests that no host may ever take for a whole one
        self.malformed = set()  # and of those that it may see nothing of
        self._executed = collections.Counter()
        self._last_token = 0

    def token(self):
        self._last_token += 1
        return f"t{self._last_token}"

    def count(self, what):
        self.counts[what] += 1

    def violation(self, text):
        self.violations.append(text)

    def executed(self, token, method, script):
        """Notes that the host has a whole request; how often it had it before, and now."""
        self._executed[token] += 1
        tries = self._executed[token]
        # Once, and once more after a recovery, or where RFC 9110 section 9.2.2 allows it.
        again = (script in scripts.CURES) + (method in ("GET", "HEAD"))
        if tries > 1 + again:
            self.violation(f"{method} {token} ({script}) was executed {tries} times")
        if token in self.forbidden:
            self.violation(f"{token} was cut by its client, and the host has it whole")
        return tries
