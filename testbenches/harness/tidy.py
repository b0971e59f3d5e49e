#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""clang-tidy over the translation units that have changed since they were last found clean.

usage: tidy.py [FOLDER ...]     (all folders of sources where none is named; run from the root)

A unit that was clean is remembered by the content of everything that it includes from this tree, of
.clang-tidy and of its compile command, in $XDG_CACHE_HOME/recpim/tidy: another checkout, and CI on
the same machine, profit from it. Exits 1 where there is a finding.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time

INCLUDE = re.compile(rb'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
FOLDERS = ["traces", "models", "sim", "rtl", "search", "testbenches"]


def closure(unit, seen):
    """The files of this tree that `unit` includes, itself first."""
    if unit in seen or not unit.is_file():
        return
    seen.append(unit)
    for name in INCLUDE.findall(unit.read_bytes()):
        for base in (pathlib.Path("."), unit.parent):
            closure(base / name.decode(), seen)


def key_of(unit, command, version):
    files = []
    closure(unit, files)
    digest = hashlib.sha256(version + command.replace(os.getcwd(), "").encode())
    for file in [pathlib.Path(".clang-tidy")] + files:
        digest.update(str(file).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:32]


def main():
    commands = {}
    for entry in json.load(open("build/compile_commands.json")):
        commands[os.path.relpath(entry["file"])] = entry["command"]
    tracked = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.cpp"],
                             capture_output=True, text=True, check=True).stdout.split()
    wanted = tuple(folder.rstrip("/") + "/" for folder in sys.argv[1:] or FOLDERS)
    version = subprocess.run(["clang-tidy", "--version"], capture_output=True, check=True).stdout
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"),
                         "recpim", "tidy")
    cache.mkdir(parents=True, exist_ok=True)
    pending = []
    for unit in tracked:
        if not unit.startswith(wanted) or unit not in commands:
            continue
        mark = cache / key_of(pathlib.Path(unit), commands[unit], version)
        if not mark.exists():
            pending.append((unit, mark))
    start, done, findings = time.time(), 0, 0

    def check(job):
        return job, subprocess.run(["clang-tidy", "--quiet", "-p", "build", job[0]],
                                   capture_output=True, text=True, check=False)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for future in concurrent.futures.as_completed([pool.submit(check, j) for j in pending]):
            (unit, mark), result = future.result()
            done += 1
            if result.returncode == 0:
                mark.touch()
            else:
                findings += 1
                print(result.stdout or result.stderr, flush=True)
            if sys.stderr.isatty():
                print(f"\rclang-tidy {done}/{len(pending)} {time.time() - start:.0f} s ",
                      end="", file=sys.stderr, flush=True)
    print(f"clang-tidy: {done} units checked, {findings} with findings, {time.time() - start:.0f} s")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
