"""Tests of the checks: each rule gets code that breaks it."""

import contextlib
import io
import tempfile
import unittest
import unittest.mock
from pathlib import Path

import layers


def sentences(path, text):
    return [sentence for _, sentence in layers.breaches(Path(path), text)]


def coroutine(statement):
    return "net::task<void> f() {\n    " + statement + "\n}\n"


class arrows(unittest.TestCase):
    def refuses(self, path, header, word):
        found = sentences(path, f"#include <{header}>\n")
        self.assertEqual(len(found), 1, found)
        self.assertIn(word, found[0])

    def test_an_include_against_an_arrow_is_a_breach(self):
        for path, header in (
            ("src/http/head.cpp", "secondwind/policy/verdict.hpp"),
            ("src/policy/plan.cpp", "secondwind/config/config.hpp"),
            ("src/net/socket.cpp", "secondwind/host/connection_pool.hpp"),
            ("src/emulator/server.cpp", "secondwind/proxy/server.hpp"),
            ("src/lmstudio/rest_codec.cpp", "secondwind/policy/verdict.hpp"),
            ("src/recovery/recoverer.cpp", "secondwind/host/host.hpp"),
            ("src/recovery/ledger.cpp", "secondwind/proxy/context.hpp"),
            ("src/cli/command_line.cpp", "secondwind/app/serve.hpp"),
            ("src/main.cpp", "secondwind/proxy/server.hpp"),
        ):
            with self.subTest(path=path):
                self.refuses(path, header, "no arrow")

    def test_an_include_along_an_arrow_is_allowed(self):
        for path, header in (
            ("src/http/head.cpp", "secondwind/http/head.hpp"),
            ("src/policy/plan.cpp", "secondwind/http/head.hpp"),
            ("src/proxy/exchange.cpp", "secondwind/host/host.hpp"),
            ("src/main.cpp", "secondwind/app/serve.hpp"),
            ("src/lmstudio/rest_codec.cpp", "secondwind/lmstudio/rest_codec.hpp"),
            ("src/lmstudio/ws_codec.cpp", "secondwind/lmstudio/rest_codec.hpp"),
        ):
            with self.subTest(path=path):
                self.assertEqual(sentences(path, f"#include <{header}>\n"), [])

    def test_the_table_has_no_cycle(self):
        left = {room: set(to) for room, to in layers.ARROWS.items()}
        while left:
            free = [room for room, to in left.items() if not to & left.keys()]
            self.assertTrue(free, f"a circle among {sorted(left)}")
            for room in free:
                del left[room]

    def test_a_room_without_a_place_in_the_table_is_a_breach(self):
        self.assertIn("no room", sentences("src/cellar/wine.cpp", "")[0])

    def test_quotes_that_leave_the_room_are_a_breach(self):
        self.assertIn("leaves the room", sentences("src/http/a.cpp", '#include "../net/x.hpp"\n')[0])
        self.assertEqual(sentences("src/http/a.cpp", '#include "characters.hpp"\n'), [])

    def test_a_public_header_includes_no_private_one(self):
        text = '#pragma once\n#include "characters.hpp"\n'
        self.assertIn("is private", sentences("include/secondwind/http/a.hpp", text)[0])

    def test_a_public_header_that_no_other_room_needs_is_a_breach(self):
        files = {
            Path("include/secondwind/http/a.hpp"): "#include <secondwind/http/b.hpp>\n",
            Path("include/secondwind/http/b.hpp"): "",
            Path("include/secondwind/http/c.hpp"): "",
            Path("src/http/c.cpp"): "#include <secondwind/http/c.hpp>\n",
            Path("src/policy/p.cpp"): "#include <secondwind/http/a.hpp>\n",
            Path("tests/unit/http/c_test.cpp"): "#include <secondwind/http/c.hpp>\n",
        }
        self.assertEqual(
            layers.needless_headers(files), [Path("include/secondwind/http/c.hpp")]
        )

    def test_an_include_in_a_comment_does_not_count(self):
        self.assertEqual(sentences("src/http/a.cpp", "// #include <secondwind/net/gate.hpp>\n"), [])


class purity(unittest.TestCase):
    def test_pure_code_includes_nothing_that_waits(self):
        for header in ("boost/asio.hpp", "boost/asio/ip/tcp.hpp", "coroutine", "sys/socket.h"):
            with self.subTest(header=header):
                found = sentences("src/policy/plan.cpp", f"#include <{header}>\n")
                self.assertIn("never waits", found[0])

    def test_other_code_may_include_it(self):
        self.assertEqual(sentences("src/net/socket.cpp", "#include <boost/asio/buffer.hpp>\n"), [])

    def test_a_pure_file_in_another_room_follows_the_rule(self):
        for path, header in (
            ("src/host/host_health.cpp", "boost/asio/buffer.hpp"),
            ("src/host/host_health.cpp", "secondwind/host/host.hpp"),
            ("include/secondwind/host/idle_set.hpp", "secondwind/net/socket.hpp"),
        ):
            with self.subTest(path=path, header=header):
                found = sentences(path, f"#pragma once\n#include <{header}>\n")
                self.assertEqual(len(found), 1, found)

    def test_pure_code_reads_no_clock(self):
        code = "auto const t = std::chrono::steady_clock::now();\n"
        self.assertIn("reads no clock", sentences("src/policy/plan.cpp", code)[0])
        self.assertEqual(sentences("src/base/log.cpp", code), [])
        self.assertEqual(sentences("src/host/connection_pool.cpp", code), [])

    def test_sqlite_is_for_the_registry_only(self):
        for header in ("sqlite3.h", "SQLiteCpp/SQLiteCpp.h", "SQLiteCpp/Database.h"):
            with self.subTest(header=header):
                code = f"#include <{header}>\n"
                self.assertEqual(sentences("src/registry/store.cpp", code), [])
                self.assertIn("registry only", sentences("src/app/lab_verbs.cpp", code)[0])
                self.assertIn("registry only", sentences("include/secondwind/host/h.hpp",
                                                         "#pragma once\n" + code)[0])
                self.assertIn("never waits", sentences("src/registry/ranges.cpp", code)[0])

    def test_a_pure_file_may_use_the_pure_part_of_a_room_that_its_own_leads_to(self):
        code = "#include <secondwind/registry/{}.hpp>\n"
        with unittest.mock.patch.dict(layers.ARROWS, {"host": {"base", "registry"}}):
            self.assertEqual(sentences("src/host/backoff.cpp", code.format("records")), [])
            self.assertIn("(pure)", sentences("src/host/backoff.cpp", code.format("store"))[0])
        self.assertIn("no arrow", sentences("src/host/backoff.cpp", code.format("records"))[0])

    def test_beast_stays_off_the_data_path(self):
        code = "#include <boost/beast/http/parser.hpp>\n"
        self.assertIn("Beast", sentences("src/proxy/session.cpp", code)[0])
        self.assertIn("Beast", sentences("src/host/host_control.cpp", code)[0])
        self.assertEqual(sentences("src/emulator/connection.cpp", code), [])
        self.assertEqual(sentences("src/host/sdk_socket.cpp", code), [])


class coroutines(unittest.TestCase):
    def refuses(self, statement, word):
        found = sentences("src/net/x.cpp", coroutine(statement))
        self.assertEqual(len(found), 1, (statement, found))
        self.assertIn(word, found[0])

    def test_co_await_in_a_condition_is_a_breach(self):
        for statement in (
            "if (co_await f()) return;",
            "if constexpr (co_await f()) return;",
            "if (auto r = co_await f(); r) return;",
            "while (!(co_await f(a, (b)))) {}",
            "switch (co_await f()) {}",
            "for (auto x : co_await f()) {}",
            "for (int i = 0;\n         i < co_await f(); ++i) {}",
        ):
            with self.subTest(statement=statement):
                self.refuses(statement, "condition")

    def test_co_await_in_a_ternary_is_a_breach(self):
        self.refuses("auto x = co_await f() ? 1 : 2;", "ternary")
        self.refuses("auto x = ready ? 1 : co_await f();", "ternary")
        self.refuses("auto x = co_await f(a)(b) ? 1 : 2;", "ternary")

    def test_a_temporary_that_co_await_destroys_twice_is_a_breach(self):
        self.refuses("co_await f({1, 2});", "aggregate")
        self.refuses("co_await f(a, {.b = 1});", "aggregate")
        self.refuses("co_await f(ex, [s] { return s; });", "lambda")
        self.refuses("co_await f([&](auto h) { g(h); });", "lambda")

    def test_the_line_is_that_of_the_statement(self):
        found = list(layers.breaches(Path("src/net/x.cpp"), coroutine("if (co_await f()) g();")))
        self.assertEqual([line for line, _ in found], [2])

    def test_safe_code_is_no_breach(self):
        for statement in (
            "auto const r = co_await f(); if (r) return;",
            "if (ready) co_await f();",
            "if (ready) { co_await f(); } else { x = a ? b : c; }",
            "while (open) { ec = co_await f(a[1], std::move(b)); }",
            "co_await f(std::chrono::milliseconds{5});",
            "net::completion until{[&t](auto h) { t.wait(h); }}; co_await until;",
            "auto x = a ? b : c; co_await f();",
            "co_await f(ready ? 1 : 2);",
            "co_await f(a, {}, b);",
            "// if (co_await f())",
            "/* if (co_await\n f()) */",
            'log("if (co_await f()) ? {");',
            "auto c = '?'; co_await f();",
            'auto s = R"(if (co_await f()))";',
        ):
            with self.subTest(statement=statement):
                self.assertEqual(sentences("src/net/x.cpp", coroutine(statement)), [])


class shape(unittest.TestCase):
    def test_a_file_of_more_lines_than_the_limit_is_a_breach(self):
        self.assertEqual(sentences("src/net/x.cpp", "\n" * layers.MOST_LINES), [])
        text = "\n" * (layers.MOST_LINES + 1)
        self.assertIn("lines: a file", sentences("src/net/x.cpp", text)[0])

    def test_a_header_without_pragma_once_is_a_breach(self):
        self.assertIn("pragma once", sentences("include/secondwind/net/x.hpp", "int a;\n")[0])


class systems(unittest.TestCase):
    def test_a_header_of_one_system_is_a_breach(self):
        for header in ("unistd.h", "fcntl.h", "netdb.h", "netinet/in.h", "sys/socket.h", "poll.h",
                       "signal.h", "windows.h", "winsock2.h", "io.h"):
            with self.subTest(header=header):
                found = sentences("src/net/socket.cpp", f"#include <{header}>\n")
                self.assertEqual(len(found), 1, found)
                self.assertIn("not on each system", found[0])
        code = "#pragma once\n#include <unistd.h>\n"
        self.assertIn("not on each system", sentences("include/secondwind/net/x.hpp", code)[0])

    def test_a_question_for_the_system_is_a_breach(self):
        for line in ("#ifdef __linux__", "#if defined(_WIN32)", "#ifdef __APPLE__"):
            with self.subTest(line=line):
                found = sentences("src/net/socket.cpp", line + "\n#endif\n")
                self.assertEqual(len(found), 1, found)
                self.assertIn("asks for the system", found[0])

    def test_the_folders_of_a_system_may_do_both(self):
        code = "#include <unistd.h>\n#ifdef __APPLE__\n#endif\n"
        for folder in layers.SYSTEM_FOLDERS:
            with self.subTest(folder=folder):
                self.assertEqual(sentences(f"src/net/{folder}/native.cpp", code), [])
        self.assertEqual(len(sentences("tests/support/raw_host.cpp", code)), 0)

    def test_what_is_on_each_system_and_what_only_looks_like_it_is_allowed(self):
        code = '#include <cerrno>\n#include "io.h"\n// #ifdef _WIN32\nauto s = "__linux__";\n'
        self.assertEqual(sentences("src/net/socket.cpp", code), [])

    def test_such_a_folder_belongs_to_its_room(self):
        path = "src/http/posix/a.cpp"
        self.assertIn("no arrow", sentences(path, "#include <secondwind/net/socket.hpp>\n")[0])
        self.assertEqual(sentences(path, '#include "../characters.hpp"\n'), [])
        self.assertIn("leaves the room", sentences(path, '#include "../../net/x.hpp"\n')[0])
        self.assertIn("leaves the room", sentences("src/http/a.cpp", '#include "../x.hpp"\n')[0])

    def missing(self, *names):
        return [sentence for _, sentence in layers.missing_counterparts(
            {Path("src", "net", name): "" for name in names})]

    def test_a_source_that_another_system_lacks_is_a_breach(self):
        self.assertEqual(self.missing("posix/a.cpp", "windows/a.cpp", "a.cpp"), [])
        self.assertEqual(self.missing("linux/a.cpp", "macos/a.cpp", "windows/a.cpp"), [])
        self.assertEqual(self.missing("posix/a.cpp"), ["windows/ has no a.cpp"])
        self.assertEqual(self.missing("windows/a.cpp"),
                         ["posix/ or macos/ has no a.cpp", "posix/ or linux/ has no a.cpp"])
        self.assertIn("posix/ or macos/ has no a.cpp",
                      self.missing("linux/a.cpp", "windows/a.cpp"))


class whole_trees(unittest.TestCase):
    def run_on(self, files):
        with tempfile.TemporaryDirectory() as root:
            for name, text in files.items():
                path = Path(root, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                code = layers.main(Path(root))
            return code, out.getvalue()

    def test_a_tree_with_a_breach_fails_and_names_its_line(self):
        code, out = self.run_on({"src/net/x.cpp": coroutine("if (co_await f()) g();")})
        self.assertEqual(code, 1)
        self.assertIn("src/net/x.cpp:2: co_await", out)

    def test_tests_follow_the_rules_of_co_await_too(self):
        code, _ = self.run_on({"tests/unit/x_test.cpp": coroutine("if (co_await f()) g();")})
        self.assertEqual(code, 1)

    def test_a_clean_tree_passes(self):
        code, out = self.run_on({"src/net/x.cpp": "int a;\n"})
        self.assertEqual((code, out), (0, "1 files, 0 breaches\n"))

    def test_a_root_without_sources_fails(self):
        self.assertEqual(self.run_on({})[0], 1)


if __name__ == "__main__":
    unittest.main()
