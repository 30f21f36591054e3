"""Each link from a page to another, to a place in one, or to a file leads somewhere."""

import re
import unittest

from pages import ROOT, all_pages, anchors, name_of, prose

LINK = re.compile(r"\]\(([^)\s]+)\)")
ELSEWHERE = re.compile(r"^[a-z]+:")


def targets(text):
    """The links of a page, with their lines; what stands in code is none."""
    for number, line in enumerate(prose(text).splitlines(), 1):
        for target in LINK.findall(re.sub(r"`[^`]*`", "", line)):
            yield number, target


class links(unittest.TestCase):
    def test_each_leads_to_a_file_or_a_heading_that_is_there(self):
        followed = 0
        for page in all_pages():
            for line, target in targets(page.read_text(encoding="utf-8")):
                if ELSEWHERE.match(target):
                    continue
                followed += 1
                with self.subTest(page=name_of(page), line=line, target=target):
                    path, _, anchor = target.partition("#")
                    file = (page.parent / path).resolve() if path else page
                    self.assertTrue(file.exists(), "there is no such file")
                    self.assertTrue(file.is_relative_to(ROOT), "it leads out of the project")
                    if anchor:
                        there = anchors(file.read_text(encoding="utf-8"))
                        self.assertIn(anchor, there, "the page has no such heading")
        self.assertGreater(followed, 20)

    def test_the_index_names_every_page(self):
        index = ROOT / "docs" / "README.md"
        named = {target.partition("#")[0] for _, target in targets(index.read_text("utf-8"))}
        there = {page.name for page in index.parent.glob("*.md")} - {index.name}
        self.assertEqual(there - named, set())


if __name__ == "__main__":
    unittest.main()
