"""The measured programs: secondwind, nginx, HAProxy and the floor, each with the best configuration
for streams of a language model, on one thread. All listen on loopback."""

import http.client
import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import time

import machine
from machine import Child, Failed

NGINX = """
worker_processes 1;
daemon off;
pid @FOLDER@/pid;
error_log @FOLDER@/error.log error;
worker_rlimit_nofile @DESCRIPTORS@;
events { worker_connections @DESCRIPTORS@; }
http {
    @LOG@
    keepalive_timeout 1h;
    keepalive_requests 1000000000;
    client_max_body_size 0;
    tcp_nodelay on;
    client_body_temp_path @FOLDER@/body;
    proxy_temp_path @FOLDER@/proxy;
    fastcgi_temp_path @FOLDER@/fastcgi;
    uwsgi_temp_path @FOLDER@/uwsgi;
    scgi_temp_path @FOLDER@/scgi;
    upstream host {
        server 127.0.0.1:@HOST@;
        keepalive 1024;
        keepalive_requests 1000000000;
        keepalive_timeout 1h;
    }
    server {
        listen 127.0.0.1:@PORT@@TLS@ backlog=4096;
        @CERTIFICATE@
        client_body_buffer_size 64k;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host $http_host;
        proxy_buffering off;
        proxy_request_buffering off;
        proxy_read_timeout 1h;
        proxy_send_timeout 1h;
        location / { proxy_pass http://host; }
        location /big/ {
            # Large buffers for downloads only: they would cost memory with each stream.
            proxy_buffer_size 64k;
            proxy_buffers 4 64k;
            proxy_busy_buffers_size 64k;
            proxy_pass http://host;
        }
    }
}
"""

HAPROXY = """
global
    nbthread 1
    maxconn @CONNECTIONS@
defaults
    mode http
    option http-no-delay
    option splice-auto
    http-reuse always
    timeout connect 5s
    timeout http-request 60s
    timeout http-keep-alive 1h
    timeout client 1h
    timeout server 1h
frontend clients
    bind 127.0.0.1:@PORT@ backlog 4096@TLS@
    default_backend hosts
backend hosts
    server host 127.0.0.1:@HOST@ pool-max-conn 2048 pool-purge-delay 1h
"""


class Certificate:
    """A new one for localhost, in files: PEM of the certificate, of the key, and of both."""

    def __init__(self, folder):
        self.file, self.key, self.both = (
            os.path.join(folder, name) for name in ("certificate.pem", "key.pem", "both.pem")
        )
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-subj", "/CN=localhost", "-keyout", self.key, "-out", self.file],
            check=True, capture_output=True, timeout=30,
        )
        with open(self.both, "w", encoding="utf-8") as file:
            file.write(machine.read(self.file) + machine.read(self.key))


def https_connection(port):
    anyone = ssl.create_default_context()
    anyone.check_hostname = False
    anyone.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=anyone)


class Target:
    """A proxy that can be started repeatedly, each time on a new port."""

    can_log = False  # a line for each exchange, to a file
    speaks_tls = False

    def __init__(self, name, executable):
        self.name = name
        self.executable = executable
        self.port = None
        self.certificate = None

    def command(self, folder, host, logging):
        raise NotImplementedError

    def start(self, cpu, host, folder, logging=False, certificate=None):
        """The running process, and the milliseconds from its start to its first answer. With a
        certificate it expects TLS."""
        self.port = machine.free_port()
        self.certificate = certificate
        own = tempfile.mkdtemp(prefix=f"{self.name}-", dir=folder)
        begin = time.monotonic()
        child = Child(self.command(own, host, logging), cpu, own)
        try:
            while not self.answers():
                if child.process.poll() is not None or time.monotonic() > begin + 10:
                    said = child.said() or "it says nothing"
                    raise Failed(f"{self.name} does not start: {said}")
                time.sleep(0.0005)
            elapsed = (time.monotonic() - begin) * 1000
            child.know_family()
        except BaseException:
            child.stop()
            raise
        return child, elapsed

    def answers(self):
        if self.certificate:
            connection = https_connection(self.port)
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/api/v1/models")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def stripped_size(self, folder):
        copy = os.path.join(folder, "stripped")
        subprocess.run(["strip", "-o", copy, self.executable], check=True, timeout=30)
        return os.path.getsize(copy)

    def version(self):
        return machine.version(self.executable, "--version")


class Secondwind(Target):
    can_log = True
    speaks_tls = True

    def settings(self, url):
        """Of the configuration file; none: no file is needed."""
        if not self.certificate:
            return {}
        files = {"certificate_file": self.certificate.file, "key_file": self.certificate.key}
        return {"upstreams": [{"name": "host", "url": url}], "tls": files}

    def command(self, folder, host, logging):
        command = [self.executable, "--listen", f"127.0.0.1:{self.port}"]
        url = f"http://127.0.0.1:{host}"
        settings = self.settings(url)
        if settings:
            path = os.path.join(folder, "secondwind.json")
            with open(path, "w", encoding="utf-8") as file:
                json.dump(settings, file)
            command += ["-c", path]
        else:
            command += ["--upstream", url]
        if logging:
            log = os.path.join(folder, "exchanges.log")
            return command + ["--log-level", "info", "--log-format", "json", "--log-file", log]
        return command + ["--log-level", "off"]


class Configured(Target):
    """A target with a configuration file."""

    template = ""

    def configure(self, folder, host, **more):
        values = {
            "FOLDER": folder,
            "HOST": host,
            "PORT": self.port,
            "DESCRIPTORS": machine.DESCRIPTORS,
            # HAProxy counts two descriptors per connection, and half of one for splicing.
            "CONNECTIONS": machine.DESCRIPTORS * 2 // 5 - 300,
        } | more
        text = self.template
        for name, value in values.items():
            text = text.replace(f"@{name}@", str(value))
        path = os.path.join(folder, "conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path


class Nginx(Configured):
    can_log = True
    speaks_tls = True
    template = NGINX

    def command(self, folder, host, logging):
        log = f"access_log {folder}/access.log;" if logging else "access_log off;"
        files = self.certificate
        certificate = (
            f"ssl_certificate {files.file}; ssl_certificate_key {files.key}; "
            "ssl_protocols TLSv1.3; ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;"
            if files else ""
        )
        tls = " ssl" if files else ""
        conf = self.configure(folder, host, LOG=log, TLS=tls, CERTIFICATE=certificate)
        return [self.executable, "-c", conf, "-e", os.path.join(folder, "error.log")]

    def version(self):
        return machine.version(self.executable, "-v")


class Haproxy(Configured):
    speaks_tls = True
    template = HAPROXY

    def command(self, folder, host, logging):
        tls = ""
        if self.certificate:
            tls = f" ssl crt {self.certificate.both} ssl-min-ver TLSv1.3"
            tls += " ciphersuites TLS_AES_128_GCM_SHA256"
        return [self.executable, "-db", "-f", self.configure(folder, host, TLS=tls)]

    def version(self):
        return machine.version(self.executable, "-v")


class Floor(Target):
    def command(self, folder, host, logging):
        return [self.executable, "--port", str(self.port), "--host", str(host)]

    def version(self):
        return "a bare relay"


def find(program):
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin")


def choose(secondwinds, tools):
    """The targets, in the order of the tables: each secondwind given as NAME, PATH, then the
    programs to compare it with."""
    chosen = [Secondwind(name, os.path.abspath(path)) for name, path in secondwinds]
    for kind in (Nginx, Haproxy):
        name = kind.__name__.lower()
        executable = find(name)
        if executable:
            chosen.append(kind(name, executable))
        else:
            print(f"{name} is not installed, and left out", file=sys.stderr)
    return chosen + [Floor("floor", os.path.join(tools, "bench_floor"))]
