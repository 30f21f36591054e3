"""The measured programs: secondwind, nginx, HAProxy and the floor, each with the best configuration
for streams of a language model, on one thread. All listen on loopback."""

import http.client
import os
import shutil
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
        listen 127.0.0.1:@PORT@ backlog=4096;
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
    bind 127.0.0.1:@PORT@ backlog 4096
    default_backend hosts
backend hosts
    server host 127.0.0.1:@HOST@ pool-max-conn 2048 pool-purge-delay 1h
"""


class Target:
    """A proxy that can be started repeatedly, each time on a new port."""

    can_log = False  # a line for each exchange, to a file

    def __init__(self, name, executable):
        self.name = name
        self.executable = executable
        self.port = None

    def command(self, folder, host, logging):
        raise NotImplementedError

    def start(self, cpu, host, folder, logging=False):
        """The running process, and the milliseconds from its start to its first answer."""
        self.port = machine.free_port()
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

    def command(self, folder, host, logging):
        command = [self.executable, "--listen", f"127.0.0.1:{self.port}"]
        command += ["--upstream", f"http://127.0.0.1:{host}"]
        if logging:
            log = os.path.join(folder, "exchanges.log")
            return command + ["--log-level", "info", "--log-format", "json", "--log-file", log]
        return command + ["--log-level", "off"]


class Configured(Target):
    """A target with a configuration file."""

    template = ""

    def configure(self, folder, host, log=""):
        values = {
            "FOLDER": folder,
            "HOST": host,
            "PORT": self.port,
            "LOG": log,
            "DESCRIPTORS": machine.DESCRIPTORS,
            # HAProxy counts two descriptors per connection, and half of one for splicing.
            "CONNECTIONS": machine.DESCRIPTORS * 2 // 5 - 300,
        }
        text = self.template
        for name, value in values.items():
            text = text.replace(f"@{name}@", str(value))
        path = os.path.join(folder, "conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path


class Nginx(Configured):
    can_log = True
    template = NGINX

    def command(self, folder, host, logging):
        log = f"access_log {folder}/access.log;" if logging else "access_log off;"
        conf = self.configure(folder, host, log)
        return [self.executable, "-c", conf, "-e", os.path.join(folder, "error.log")]

    def version(self):
        return machine.version(self.executable, "-v")


class Haproxy(Configured):
    template = HAPROXY

    def command(self, folder, host, logging):
        return [self.executable, "-db", "-f", self.configure(folder, host)]

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
