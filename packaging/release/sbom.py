#!/usr/bin/env python3
"""Writes what a release is made of: an SPDX 2.3 document, and the licences of what is in it.

    sbom.py --version 0.1.0 --commit HASH --epoch SECONDS --out FILE --licences FOLDER \\
        ARTEFACT=BUILD_FOLDER:TARGET...
    sbom.py --licences FOLDER ARTEFACT=BUILD_FOLDER:TARGET...

The list comes from the build itself: the libraries that Ninja links into the target, and the headers
that the compiler has read for it. A file belongs to the Debian package that has installed it; what was
built from the distribution's sources is named by the file "versions" beside it.
"""

import argparse
import datetime
import json
import pathlib
import re
import subprocess
import sys
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]

# SPDX has identifiers for these; for all others the copyright file tells.
LICENCES = {
    "boost1.81": "BSL-1.0", "nlohmann-json3": "MIT", "cli11": "BSD-3-Clause", "spdlog": "MIT",
    "fmtlib": "MIT", "zlib": "Zlib", "openssl": "Apache-2.0", "prometheus-cpp": "MIT",
    "sqlite3": "blessing", "sqlitecpp": "MIT", "uplot": "MIT", "glibc": "LGPL-2.1-or-later",
    "gcc-12": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "gcc-12-cross": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "cross-toolchain-base": "LGPL-2.1-or-later",
}


def ninja(folder, *arguments):
    return subprocess.run(["ninja", "-C", str(folder), "-t", *arguments], check=True,
                          capture_output=True, text=True).stdout.splitlines()


def files_of(folder, target):
    """The libraries and headers outside of the build and of the sources that end up in the target."""
    inputs = {line.strip() for line in ninja(folder, "inputs", target)}
    outside = {file for file in inputs if file.startswith("/") and re.search(r"\.(a|so)(\.|$)", file)}
    wanted = False
    for line in ninja(folder, "deps"):
        if line and not line.startswith(" "):
            wanted = line.split(":")[0] in inputs
        elif wanted and line.strip().startswith("/"):
            outside.add(line.strip())
    resolved = {pathlib.Path(file).resolve() for file in outside if pathlib.Path(file).exists()}
    # Not what the build itself has written.
    return {file for file in resolved
            if folder.resolve() not in file.parents or static_source(file)}


def static_source(file):
    """The line (name, version) of "versions" above a file that was built from a package's source."""
    for folder in file.parents:
        for notes in (folder / "versions", folder / "source" / "versions"):
            if notes.is_file():
                lines = [line.split(" ", 1) for line in notes.read_text().splitlines()]
                text = str(file.relative_to(folder)).lower()
                for name, version in lines:
                    if name.startswith("lib"):  # a binary package, noted for the cache's name
                        continue
                    stem = name.split("-")[0]
                    other = {"openssl": r"lib(ssl|crypto)\.", "zlib": r"libz\.|zconf\.h"}.get(name)
                    if stem in text or (other and re.search(other, text)):
                        return name, version
    return None


def owners_of(files):
    """The Debian packages that have installed the files, and the files that none has."""
    owners, unknown = set(), []
    for begin in range(0, len(files), 500):
        answer = subprocess.run(["dpkg-query", "--search", *files[begin:begin + 500]],
                                capture_output=True, text=True)
        for line in answer.stdout.splitlines():
            if not line.startswith("diversion"):
                owners.update(name.strip() for name in line.partition(": ")[0].split(","))
        unknown += re.findall(r"no path found matching pattern (.*)", answer.stderr)
    return owners, unknown


def packages_of(files):
    """{source package: (version, {binary package})}, and the files that no package has."""
    found, asked = {}, []
    for file in sorted(files):
        if source := static_source(file):
            found.setdefault(source[0], (source[1], set()))
        else:
            asked.append(str(file))
    owners, unknown = owners_of(asked)
    # Some packages still install into /lib, which is a link to /usr/lib.
    more, unknown = owners_of([file.removeprefix("/usr") for file in unknown])
    owners |= more
    for name in sorted(owners):
        show = "${source:Package} ${source:Version}"
        source, version = subprocess.run(["dpkg-query", "--show", f"--showformat={show}", name],
                                         check=True, capture_output=True, text=True).stdout.split()
        found.setdefault(source, (version, set()))[1].add(name.partition(":")[0])
    return found, unknown


def vendored():
    """What the repository itself brings: {name: version}, from assets/dashboard/vendor."""
    found = {}
    for folder in (ROOT / "assets/dashboard/vendor").iterdir():
        texts = [file.read_text(encoding="utf-8")[:2000] for file in sorted(folder.glob("*.js"))]
        found[folder.name] = re.search(r"\(v([0-9.]+)\)", "".join(texts))[1]
    return found


def identifier(text):
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", text)


def document(arguments, artefacts):
    """artefacts: {name: {source package: (version, binary packages)}}"""
    packages, relations = {}, []
    for artefact, parts in artefacts.items():
        packages[artefact] = {
            "name": artefact, "SPDXID": identifier(artefact), "versionInfo": arguments.version,
            "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
            "licenseConcluded": "NOASSERTION", "licenseDeclared": arguments.licence,
            "copyrightText": "NOASSERTION", "sourceInfo": f"built from commit {arguments.commit}"}
        relations.append(("SPDXRef-DOCUMENT", "DESCRIBES", identifier(artefact)))
        purls = [(name, version, f"pkg:deb/debian/{name}@{version}?arch=source")
                 for name, (version, _) in sorted(parts.items())]
        purls += [(name, version, f"pkg:npm/{name}@{version}")
                  for name, version in sorted(vendored().items())]
        for name, version, purl in purls:
            key = f"{name}-{version}"
            packages[key] = {
                "name": name, "SPDXID": identifier(key), "versionInfo": version,
                "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
                "licenseConcluded": "NOASSERTION",
                "licenseDeclared": LICENCES.get(name, "NOASSERTION"),
                "copyrightText": "NOASSERTION",
                "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                                  "referenceLocator": purl}]}
            relations.append((identifier(artefact), "DEPENDS_ON", identifier(key)))
    created = datetime.datetime.fromtimestamp(arguments.epoch, datetime.timezone.utc)
    name = f"secondwind-{arguments.version}"
    return {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
        "name": name,
        "documentNamespace": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, name + arguments.commit)}",
        "creationInfo": {"created": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
                         "creators": ["Tool: secondwind-sbom"]},
        "packages": list(packages.values()),
        "relationships": [{"spdxElementId": a, "relationshipType": kind, "relatedSpdxElement": b}
                          for a, kind, b in relations]}


def installed_from(source):
    """The installed packages of a source: what was built from it here, or came for another processor,
    belongs to none of them."""
    show = "${source:Package} ${Package}\n"
    lines = subprocess.run(["dpkg-query", "--show", f"--showformat={show}"], check=True,
                           capture_output=True, text=True).stdout.splitlines()
    return [line.split()[1] for line in lines if line.split()[0] == source]


def keep_licences(folder, found):
    folder.mkdir(parents=True, exist_ok=True)
    for source, (_, binaries) in found.items():
        for binary in sorted(binaries) or installed_from(source):
            copyright_file = pathlib.Path("/usr/share/doc") / binary / "copyright"
            if copyright_file.is_file():
                (folder / f"{source}.txt").write_bytes(copyright_file.read_bytes())
                break
        else:
            sys.exit(f"sbom: no installed package has the licence of {source}")
    for name in vendored():
        text = (ROOT / "assets/dashboard/vendor" / name / "LICENSE").read_bytes()
        (folder / f"{name}.txt").write_bytes(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("version", "commit", "out"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--licences", required=True)
    parser.add_argument("--epoch", type=int)
    parser.add_argument("--licence", default="Apache-2.0", help="of secondwind itself")
    parser.add_argument("artefacts", nargs="+")
    arguments = parser.parse_args()
    artefacts = {}
    for artefact in arguments.artefacts:
        name, _, place = artefact.partition("=")
        folder, _, target = place.partition(":")
        artefacts[name], unknown = packages_of(files_of(pathlib.Path(folder), target))
        if unknown:
            sys.exit(f"sbom: no package has these files of {name}: " + " ".join(unknown[:5]))
        keep_licences(pathlib.Path(arguments.licences), artefacts[name])
    if not arguments.out:
        return
    text = json.dumps(document(arguments, artefacts), indent=2) + "\n"
    pathlib.Path(arguments.out).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
