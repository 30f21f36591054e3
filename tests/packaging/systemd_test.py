"""The units, as systemd itself judges them."""

import re
import shutil
import tempfile
import unittest
from pathlib import Path

from installed import install, run, skip

MOST_EXPOSED = 2.0  # of 10


class units(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.prefix = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        install(cls.prefix)
        folder = cls.prefix / "lib" / "systemd" / "system"
        cls.service = str(folder / "secondwind.service")
        cls.socket = str(folder / "secondwind.socket")

    def verify(self, *units):
        # It looks for the manual page as well. Its complaints about this machine's own units do not
        # count.
        env = {"MANPATH": f"{self.prefix}/share/man:"}
        ended = run("systemd-analyze", "verify", *units, env=env)
        ours = [line for line in ended.stderr.splitlines() if "secondwind" in line]
        return ended.returncode, ours

    def test_they_are_verified_without_a_complaint(self):
        self.assertEqual(self.verify(self.service, self.socket), (0, []))

    def test_a_mistake_would_be_complained_about(self):
        broken = Path(self.service).with_name("secondwind-broken.service")
        broken.write_text(Path(self.service).read_text().replace("Type=notify", "Type=notfy"))
        self.addCleanup(broken.unlink)
        self.assertNotEqual(self.verify(str(broken))[1], [])

    def test_the_service_is_hardly_exposed(self):
        # The threshold is in tenths.
        ended = run(
            "systemd-analyze",
            "security",
            "--no-pager",
            "--offline=true",
            f"--threshold={round(MOST_EXPOSED * 10)}",
            self.service,
        )
        self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)
        level = re.search(r"Overall exposure level for secondwind\.service: ([\d.]+)", ended.stdout)
        print("exposure level:", level.group(1))
        self.assertLessEqual(float(level.group(1)), MOST_EXPOSED)

    def test_the_socket_is_the_default_address(self):
        reference = (self.prefix / "share" / "secondwind" / "secondwind.json").read_text()
        address = re.search(r'^    "listen": "([^"]+)"', reference, re.MULTILINE).group(1)
        self.assertIn(f"\nListenStream={address}\n", Path(self.socket).read_text())


if __name__ == "__main__":
    if not shutil.which("systemd-analyze"):
        skip("there is no systemd-analyze")
    unittest.main()
