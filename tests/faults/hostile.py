"""The mail server's own user, who owns the config folder and wants to be root."""

import shutil
import stat
from pathlib import Path

from faults.loopback import MAIL_UID
from faults.machine import Machine, run_as
from faults.world import Loss

# Run by that user, never by root. Words: the config file, a secret of root's that
# must be neither read nor written through us, and a file whose making shows that a
# script of this user's was run.
_PLANTS = """
import os, shutil, sys
config, secret, marker, way = sys.argv[1:5]
folder = os.path.dirname(config)
way = int(way)

def staged():
    return [name for name in os.listdir(folder) if name.startswith(".stalplan-")]

def link_the_file():
    os.rename(config, config + ".mine"); os.symlink(secret, config)

def hard_link_the_file():
    os.link(config, config + ".mine")

def pipe_for_the_file():
    os.rename(config, config + ".mine"); os.mkfifo(config)

def folder_for_the_file():
    os.rename(config, config + ".mine"); os.mkdir(config)

def staged_folder_away():
    for name in staged():
        os.rename(f"{folder}/{name}", f"{folder}/{name}.mine")

def link_the_staged_folder():
    for name in staged():
        os.rename(f"{folder}/{name}", f"{folder}/{name}.mine")
        os.symlink(os.path.dirname(secret), f"{folder}/{name}")

def own_staged_folder():
    for name in staged():
        os.rename(f"{folder}/{name}", f"{folder}/{name}.mine")
        for kind in ("new", "old"):
            os.makedirs(f"{folder}/{name}/{kind}")
            shutil.copy(config, f"{folder}/{name}/{kind}/config.toml")

def plant_records():
    tx = f"{folder}/.stalplan/tx/run@1"
    os.makedirs(tx); os.makedirs(f"{folder}/.stalplan/lease")
    for name in ("script", "order", "launch", "begun"):
        with open(f"{tx}/{name}", "w") as file:
            file.write(f"#!/bin/sh\\ntouch {marker}\\n")
    with open(f"{tx}/verdict", "w") as file:
        file.write("applied\\n")

def own_text():
    with open(config, "a") as file:
        file.write("cluster.node-id = 77\\n")

def open_folder():
    os.chmod(folder, 0o777)

ways = [link_the_file, hard_link_the_file, pipe_for_the_file, folder_for_the_file,
        staged_folder_away, link_the_staged_folder, own_staged_folder, plant_records,
        own_text, open_folder]
ways[way % len(ways)]()
"""


def _treasury(machine: Machine) -> Path:
    return machine.points.parent / "root-only"


def attack(machine: Machine, way: int) -> None:
    """One of the ways, as the mail server's user."""
    treasury = _treasury(machine)
    shutil.rmtree(treasury, ignore_errors=True)
    treasury.mkdir(mode=0o700)
    secret = treasury / "config.toml"
    secret.write_text(f"{machine.secret} of root\n")
    secret.chmod(0o600)
    (treasury / "before").write_bytes(machine.config.read_bytes())
    marker = machine.config.parent / "marker"
    words = (str(machine.config), str(secret), str(marker), str(way))
    run_as(MAIL_UID, _PLANTS, *words)


def make_good(machine: Machine) -> None:
    """What root does who found it: a plain file again, and nothing planted."""
    _look_for_damage(machine)
    config = machine.config
    folder = config.parent
    about = config.lstat() if config.is_symlink() or config.exists() else None
    data = (_treasury(machine) / "before").read_bytes()
    plain = about is not None and stat.S_ISREG(about.st_mode)
    if plain and b"cluster.node-id = 77" not in config.read_bytes():
        data = config.read_bytes()
    for path in folder.iterdir():
        planted = path.name.endswith(".mine") or path.name == ".stalplan"
        if path == config and plain:
            continue
        if path == config or planted or path.is_symlink():
            _remove(path)
    folder.chmod(0o755)
    config.write_bytes(data)
    if not plain:
        machine.own_again()


def _look_for_damage(machine: Machine) -> None:
    """Root's own file is as it was, nobody else has it, and no script was run."""
    treasury = _treasury(machine)
    secret = treasury / "config.toml"
    about = secret.lstat()
    told = f"{machine.secret} of root\n"
    if secret.read_text() != told or (about.st_uid, about.st_mode & 0o777) != (
        0,
        0o600,
    ):
        raise Loss("root's own file was changed through a planted link")
    if {path.name for path in treasury.iterdir()} != {"before", "config.toml"}:
        raise Loss("something was written through a planted link")
    folder = machine.config.parent
    if (folder / "marker").exists():
        raise Loss("a planted script was run")
    for path in folder.rglob("*"):
        if path.is_symlink() or not path.is_file():
            continue
        if told.encode() in path.read_bytes():
            raise Loss("root's own file was copied where others read it")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
