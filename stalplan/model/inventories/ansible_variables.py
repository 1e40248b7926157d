"""The variables of an Ansible host that say how to reach it -> a node.

Source: docs.ansible.com, "Connecting to hosts: behavioral inventory parameters". The
older names, `ansible_ssh_host` and so on, still count.
"""

import shlex
from typing import TYPE_CHECKING, Any

from stalplan.model.desired.fields import argument
from stalplan.model.inventories.asked import Asked, asked, checked, node_name

if TYPE_CHECKING:
    from stalplan.model.rewriting.writing import Value

Variables = dict[str, Any]

_YES = ("true", "yes", "1", "on")


def reached(host: str, variables: Variables, groups: tuple[str, ...]) -> Asked:
    """A host by its name and variables. Raises ValueError."""
    name, colon, number = host.partition(":")
    if not colon or ":" in number:
        name, number = host, ""
    place = _said(variables, "ansible_host", "ansible_ssh_host") or name
    found = asked(node_name(name), f"[{place}]" if ":" in place else place)
    ssh = _login(variables, number)
    return Asked(name=found.name, address=found.address, ssh=ssh, labels=groups)


def _login(variables: Variables, port: str) -> "dict[str, Value]":
    """Keys of [ssh]; *port* is the one behind the host's name."""
    ssh: dict[str, Value] = {}
    if user := _said(variables, "ansible_user", "ansible_ssh_user"):
        ssh |= asked("host", f"{user}@host").ssh
    if at := _said(variables, "ansible_port", "ansible_ssh_port") or port:
        ssh |= asked("host", f"host:{at}").ssh
    keys = ("ansible_ssh_private_key_file", "ansible_private_key_file")
    if key := _said(variables, *keys):
        ssh["identity_file"] = key
    if (_said(variables, "ansible_become") or "").lower() in _YES:
        ssh["sudo"] = True
    for name in ("ansible_ssh_common_args", "ansible_ssh_extra_args"):
        if jump := _jump(_said(variables, name) or ""):
            ssh["jump"] = checked(argument, jump, "the jump host")
    return ssh


def _said(variables: Variables, *names: str) -> str | None:
    for name in names:
        value = variables.get(name)
        if value is not None and "{{" in str(value):
            raise ValueError(f"{name} is a template, which only Ansible can fill.")
        if value not in (None, ""):
            return str(value)
    return None


def _jump(arguments: str) -> str | None:
    """The host that a command line of ssh goes through, if it names one.

    As ProxyJump, or as the ProxyCommand `ssh -W %h:%p HOST` of older days. Raises
    ValueError for a quote that isn't closed.
    """
    words = iter(shlex.split(arguments))
    for word in words:
        flag, value = word[:2], word[2:]
        if flag not in ("-o", "-J"):
            continue
        value = value or next(words, "")
        key, _, rest = value.partition("=")
        if flag == "-J":
            return value
        if key.lower() == "proxyjump":
            return rest
        if key.lower() == "proxycommand" and "-W" in rest:
            return rest.split()[-1]
    return None
