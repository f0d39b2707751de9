"""Runs the commands that a Markdown file shows, so that it cannot promise what does not work.

    python3 readme.py README.md ROOT

A block of commands is run when it is marked, on the line before it:

    <!-- run -->            from ROOT, the repository
    <!-- run in demo -->    from ROOT/demo, the folder that `make demo` leaves (or a folder in it)
    ```sh
    postern plan agreements/family-valued-2026.yaml
    ```

Each block is one script (bash, which stops at the first failure), with ROOT/bin first in PATH. Blocks run in the order
of the file. A "$ " before a command is left out, and so are the lines of output below such commands. A drop's name such
as 0001-20261121 stands for the demo's own, which has the day's date. There must be a marked block, every marked block
must hold a command, and a mark must have its block. In every block, marked or not, `make TARGET` must name a target of
the Makefile.
"""

import glob
import os
import re
import subprocess
import sys

DROP = re.compile(r"\b0001-20[0-9]{6}\b")
FENCES = ("```sh", "```bash", "```console")
MARK = re.compile(r"^<!-- run(?: in ([A-Za-z0-9_./-]+))? -->$")


def blocks(lines):
    """Yields (line number, folder, commands) of each marked block."""
    at = 0
    while at < len(lines):
        mark = MARK.match(lines[at].strip())
        at += 1
        if not mark:
            continue
        if at >= len(lines) or lines[at].strip() not in FENCES:
            sys.exit("line %d: a mark without a block of commands after it" % at)
        begin = at + 1
        end = begin
        while end < len(lines) and lines[end].strip() != "```":
            end += 1
        if end == len(lines):
            sys.exit("line %d: a block without an end" % begin)
        body = lines[begin:end]
        prompted = [line[2:] for line in body if line.startswith("$ ")]
        commands = prompted or [line for line in body if line.strip()]
        if not any(line.strip() and not line.lstrip().startswith("#") for line in commands):
            sys.exit("line %d: a marked block without a command" % begin)
        yield begin, mark.group(1) or ".", "\n".join(commands)
        at = end + 1


def check_targets(lines, makefile):
    """Ends the program when a block of commands makes what the Makefile has not."""
    with open(makefile, encoding="utf-8") as file:
        targets = set(re.findall(r"^([a-z-]+):", file.read(), re.MULTILINE))
    within = False
    for number, line in enumerate(lines, 1):
        if line.startswith("```"):
            within = line.strip() in FENCES
        named = re.match(r"(?:\$ )?make +([a-z-]+)", line)
        if within and named and named.group(1) not in targets:
            sys.exit("line %d: the Makefile has no target %s" % (number, named.group(1)))


def main():
    path, root = sys.argv[1], os.path.abspath(sys.argv[2])
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    check_targets(lines, os.path.join(root, "Makefile"))
    found = list(blocks(lines))
    if not found:
        sys.exit("%s: no block is marked to be run" % path)
    made = [os.path.basename(p) for p in glob.glob(os.path.join(root, "demo", "recipient", "*", "0001-*"))]
    environment = dict(os.environ, PATH=os.path.join(root, "bin") + os.pathsep + os.environ["PATH"])
    for line, folder, commands in found:
        if made:
            commands = DROP.sub(made[0], commands)
        print("== %s line %d, in %s\n%s" % (path, line, folder, commands), flush=True)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands], cwd=os.path.join(root, folder), env=environment, check=False
        )
        if done.returncode != 0:
            sys.exit("%s line %d: ended with exit code %d" % (path, line, done.returncode))
    print("== %d blocks of %s work" % (len(found), path))


main()
