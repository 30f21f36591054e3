"""TLS on every side of the executable, against openssl and curl as they are installed."""

import contextlib
import http.server
import json
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import unittest

import harness

PATIENCE = harness.PATIENCE


def openssl(*arguments, talk=""):
    """What openssl prints, on either stream, whether or not it likes what it sees."""
    done = subprocess.run(
        ["openssl", *arguments],
        input=talk,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return done.stdout


class authority:
    """Certificates, made by openssl in a directory of their own."""

    def __init__(self, directory):
        self._directory = pathlib.Path(directory)
        self.file = str(self._directory / "ca.pem")
        self._make("ca", "/CN=test CA", "-addext", "basicConstraints=critical,CA:TRUE")

    def _make(self, name, subject, *more):
        where = self._directory / name
        openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-days", "5", "-subj", subject, "-keyout", f"{where}.key", "-out", f"{where}.pem",
            *more,
        )
        os.chmod(f"{where}.key", 0o600)
        return f"{where}.pem", f"{where}.key"

    def issue(self, name, names="DNS:localhost,IP:127.0.0.1"):
        """(certificate file, key file)"""
        return self._make(
            name, f"/CN={name}", "-CA", self.file, "-CAkey", str(self._directory / "ca.key"),
            "-addext", f"subjectAltName={names}", "-addext", "basicConstraints=CA:FALSE",
        )

    def write(self, name, content):
        path = self._directory / name
        path.write_text(content, encoding="utf-8")
        return str(path)


class answering(http.server.BaseHTTPRequestHandler):
    """A host that lists no models, and tells by which name it was asked."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = json.dumps({"data": [], "host": self.headers["Host"]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def python_host(certificate, key):
    """An HTTPS server of Python's own: its port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), answering)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(PATIENCE)


@contextlib.contextmanager
def openssl_host(certificate, key, *more):
    """openssl s_server, which answers each GET with a page about the connection: its port."""
    child = subprocess.Popen(
        ["openssl", "s_server", "-www", "-accept", "127.0.0.1:0", "-cert", certificate,
         "-key", key, *more],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )
    output = harness.lines(child.stdout)
    try:
        yield output.until(
            lambda line: line.startswith("ACCEPT ") and harness.port_of(line.strip())
        )
    finally:
        child.kill()
        child.wait()
        output.close()


class tls(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.ca = authority(directory.name)
        self.certificate, self.key = self.ca.issue("proxy")

    def config(self, **settings):
        settings.setdefault("listen", "127.0.0.1:0")
        settings.setdefault("admin", {"listen": "off"})
        return ["-c", self.ca.write("secondwind.json", json.dumps(settings))]

    def own_tls(self):
        return {"certificate_file": self.certificate, "key_file": self.key}

    @contextlib.contextmanager
    def proxy(self, **settings):
        with harness.process(*self.config(**settings)) as run:
            yield run, harness.port_of(run.event("listening")["listen"])

    def curl(self, port, *more, path="/v1/models", name="localhost"):
        return subprocess.run(
            ["curl", "-sS", "--noproxy", "*", "--resolve", f"{name}:{port}:127.0.0.1",
             "--cacert", self.ca.file, *more, f"https://{name}:{port}{path}"],
            capture_output=True, text=True, timeout=PATIENCE, check=False,
        )

    def test_curl_speaks_https_through_it_to_an_https_host(self):
        host_certificate, host_key = self.ca.issue("host")
        with python_host(host_certificate, host_key) as port:
            upstream = {"name": "a", "url": f"https://localhost:{port}", "ca_file": self.ca.file}
            with self.proxy(tls=self.own_tls(), upstreams=[upstream]) as (_, here):
                for version in ("--tlsv1.3", "--tls-max=1.2"):
                    done = self.curl(here, *version.split("="))
                    self.assertEqual(done.returncode, 0, done.stderr)
                    # A server with a certificate is asked by its own name.
                    self.assertEqual(json.loads(done.stdout)["host"], f"localhost:{port}")
                refused = self.curl(here, name="other.example")
                self.assertEqual(refused.returncode, 60, refused.stderr)

    def test_s_client_sees_what_is_offered(self):
        with harness.host() as host, self.proxy(
            tls=self.own_tls(), upstreams=[{"url": host.url}]
        ) as (_, here):
            def seen(*more):
                return openssl("s_client", "-connect", f"127.0.0.1:{here}", "-CAfile",
                               self.ca.file, "-verify_return_error", *more)

            said = seen("-alpn", "h2,http/1.1", "-servername", "localhost")
            self.assertIn("Verification: OK", said)
            self.assertIn("ALPN protocol: http/1.1", said)
            self.assertIn("TLSv1.3", said)
            self.assertIn("TLSv1.2", seen("-tls1_2"))
            self.assertIn("alert protocol version", seen("-tls1_1", "-cipher", "ALL@SECLEVEL=0"))
            self.assertIn("alert no application protocol", seen("-alpn", "h2"))

    def test_s_server_is_a_host(self):
        for version in ("-tls1_2", "-tls1_3"):
            with openssl_host(self.certificate, self.key, version) as port, self.proxy(
                upstreams=[{"url": f"https://127.0.0.1:{port}", "ca_file": self.ca.file}]
            ) as (_, here):
                status, _, body = harness.ask(here, "GET", "/")
                self.assertEqual(status, 200)
                self.assertIn(b"s_server", body)

    def test_a_host_that_is_not_trusted_gets_nothing(self):
        with openssl_host(self.certificate, self.key) as port:
            where = {"url": f"https://127.0.0.1:{port}"}
            with self.proxy(upstreams=[where]) as (_, here):
                status, _, body = harness.ask(here, "GET", "/")
                self.assertEqual(status, 502)
                self.assertIn("unable to get local issuer", json.loads(body)["error"]["message"])
            with self.proxy(upstreams=[{**where, "verify": False}]) as (_, here):
                self.assertEqual(harness.ask(here, "GET", "/")[0], 200)
        # Whom the system trusts may be said in its own way.
        with openssl_host(self.certificate, self.key) as port:
            arguments = self.config(upstreams=[{"url": f"https://127.0.0.1:{port}"}])
            env = {"SSL_CERT_FILE": self.ca.file}
            with harness.process(*arguments, env=env) as run:
                here = harness.port_of(run.event("listening")["listen"])
                self.assertEqual(harness.ask(here, "GET", "/")[0], 200)

    def test_files_of_no_use_end_it_with_78(self):
        other = self.ca.issue("other")
        text = self.ca.write("text.pem", "nothing of that kind\n")
        for settings, said in (
            ({"tls": {"certificate_file": "/nowhere.pem", "key_file": self.key}}, "/nowhere.pem"),
            ({"tls": {"certificate_file": self.certificate, "key_file": other[1]}},
             "does not belong"),
            ({"tls": {"certificate_file": text, "key_file": self.key}}, "PEM certificate"),
            ({"admin": {"listen": "127.0.0.1:0", "certificate_file": self.certificate,
                        "key_file": text}}, "PEM private key"),
            ({"upstreams": [{"url": "https://localhost:1", "ca_file": text}]}, "PEM certificate"),
        ):
            done = harness.run(*self.config(**settings))
            self.assertEqual(done.returncode, 78, done.stderr)
            self.assertIn(said, done.stderr)
            self.assertTrue(done.stderr.startswith("secondwind: "), done.stderr)

    def test_operators_verbs_trust_the_admin_listeners_own_certificate(self):
        # For no name that anybody asks by: it is known by itself.
        certificate, key = self.ca.issue("admin", "DNS:elsewhere.example")
        port = self.enterContext(harness.closed_port())
        admin = {"listen": f"127.0.0.1:{port}", "certificate_file": certificate, "key_file": key}
        with harness.host() as host:
            config = self.config(admin=admin, upstreams=[{"url": host.url}])
            env = {"SECONDWIND_ADMIN_LISTEN": f"127.0.0.1:{port}"}
            with harness.process(*config, env=env) as run:
                run.event("listening")
                status = harness.run("status", "--json", *config, env=env)
                self.assertEqual(status.returncode, 0, status.stderr)
                with harness.process("events", "--json", *config, env=env) as events:
                    events.output.until(lambda line: '"snapshot"' in line)
                named = harness.run("status", "--admin", f"https://127.0.0.1:{port}")
                self.assertEqual(named.returncode, 1)
                self.assertIn("the TLS handshake", named.stderr)
                wrong = harness.run("status", "--admin", f"https://127.0.0.1:{port}", "--ca",
                                    self.ca.file)
                self.assertIn("IP address mismatch", wrong.stderr)
                plain = harness.run("status", "--admin", f"http://127.0.0.1:{port}")
                self.assertIn("use https://", plain.stderr)
                metrics = self.curl(port, "-k", path="/metrics")
                self.assertIn("secondwind_tls_handshake_failures_total{side=\"client\"} 3",
                              metrics.stdout)

    def test_health_speaks_https_as_the_configuration_does(self):
        port = self.enterContext(harness.closed_port())
        admin = {"listen": f"127.0.0.1:{port}", "certificate_file": self.certificate,
                 "key_file": self.key}
        env = {"SECONDWIND_ADMIN_LISTEN": f"127.0.0.1:{port}"}
        host_certificate, host_key = self.ca.issue("host")
        with python_host(host_certificate, host_key) as host:
            upstream = {"url": f"https://localhost:{host}", "ca_file": self.ca.file}
            config = self.config(admin=admin, upstreams=[upstream])
            with harness.process(*config, env=env) as run:
                run.event("listening")
                done = harness.run("health", *config, env=env)
                self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)

    def test_an_unknown_host_name_is_reported(self):
        with self.proxy(upstreams=[{"url": "http://nobody.invalid:1"}]) as (_, here):
            status, _, body = harness.ask(here, "GET", "/")
            self.assertEqual(status, 502)
            self.assertIn("could not be resolved", json.loads(body)["error"]["message"])


if __name__ == "__main__":
    for tool in ("openssl", "curl"):
        if shutil.which(tool) is None:
            raise SystemExit(f"{tool} is needed")
    unittest.main()
