"""The archive for Windows: what is in it, that it can be made again, and its first steps."""

import os
import pathlib
import subprocess
import tempfile
import unittest
import zipfile

import wine

BUILD = wine.PROGRAM.parents[1]
TEXTS = ("secondwind.json", "secondwind.schema.json", "README-windows.txt", "LICENSE",
         "CHANGELOG.md")
LIBRARIES = ("boost", "openssl", "zlib", "prometheus-cpp", "sqlite3", "gcc-runtime",
             "mingw-w64-runtime")


def pack(folder):
    """The archive, made in this folder."""
    subprocess.run(
        ["cpack", "-G", "ZIP", "-B", folder], cwd=BUILD, check=True, stdout=subprocess.DEVNULL,
        env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000", "TZ": "UTC"},
    )
    (found,) = pathlib.Path(folder).glob("*.zip")
    return found


class archive(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        wine.skip_without_wine()
        cls.addClassCleanup(wine.end)
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.file = pack(os.path.join(cls.folder, "first"))

    def test_it_is_the_same_each_time(self):
        again = pack(os.path.join(self.folder, "second"))
        self.assertEqual(again.name, self.file.name)
        self.assertEqual(again.read_bytes(), self.file.read_bytes())

    def test_it_holds_the_program_its_texts_and_the_licences(self):
        self.assertRegex(self.file.name, r"^secondwind-[0-9.]+-windows-x64\.zip$")
        with zipfile.ZipFile(self.file) as opened:
            top = self.file.stem
            names = set(opened.namelist())
            self.assertIn(f"{top}/secondwind.exe", names)
            for text in TEXTS:
                content = opened.read(f"{top}/{text}")
                self.assertEqual(content.count(b"\n"), content.count(b"\r\n"), text)
            licences = "\n".join(n for n in names if n.startswith(f"{top}/licences/"))
            for library in LIBRARIES:
                self.assertIn(library, licences)

    def test_it_is_unpacked_and_shows_a_recovery(self):
        with zipfile.ZipFile(self.file) as opened:
            opened.extractall(self.folder)
        home = pathlib.Path(self.folder, self.file.stem)
        for arguments in (("--version",), ("check", "-c", "secondwind.json"), ("demo", "--once")):
            ended = subprocess.run(
                [wine.WINE, "secondwind.exe", *arguments], cwd=home, capture_output=True,
                text=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
            )
            self.assertEqual(ended.returncode, 0, ended.stderr)


if __name__ == "__main__":
    unittest.main()
