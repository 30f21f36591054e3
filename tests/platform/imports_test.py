"""What secondwind.exe asks of Windows: its own libraries alone, and UTF-8."""

import re
import subprocess
import unittest

import wine

# Of every Windows 10 and 11.
SYSTEM = {
    "advapi32.dll", "bcrypt.dll", "crypt32.dll", "kernel32.dll", "msvcrt.dll", "mswsock.dll",
    "ole32.dll", "psapi.dll", "shell32.dll", "user32.dll", "ws2_32.dll",
}


class executable(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not wine.PROGRAM.exists():
            raise unittest.SkipTest(f"{wine.PROGRAM} is not built")
        cls.headers = subprocess.run(
            ["x86_64-w64-mingw32-objdump", "-p", wine.PROGRAM],
            capture_output=True, text=True, check=True,
        ).stdout

    def test_it_imports_what_every_windows_has(self):
        imported = {name.lower() for name in re.findall(r"DLL Name: (\S+)", self.headers)}
        self.assertIn("kernel32.dll", imported)
        self.assertEqual(imported - SYSTEM, set())

    def test_it_has_no_time_of_its_build(self):
        self.assertRegex(self.headers, r"Time/Date\s+Thu Jan +1 00:00:00 1970")

    def test_its_manifest_asks_for_utf_8(self):
        content = wine.PROGRAM.read_bytes()
        self.assertTrue(re.search(rb"<activeCodePage[^>]*>UTF-8</activeCodePage>", content))
        self.assertTrue(re.search(rb"<longPathAware[^>]*>true</longPathAware>", content))
        self.assertTrue("ProductVersion".encode("utf-16-le") in content)


if __name__ == "__main__":
    unittest.main()
