# shellcheck shell=sh
# Whether, and how, a process can outlive the login that starts it.
# shellcheck disable=SC2034,SC2154 # shared names

# Sets way to how a process can outlive this login, or detach_problem to why not.
can_detach() {
  detach_problem=
  way=setsid
  if [ -d /run/systemd/system ]; then
    if [ "$uid" = 0 ]; then
      # A new session of processes does not leave the login's scope, which may be killed.
      way=system
      command -v systemd-run >/dev/null 2>&1 && return 0
      detach_problem='there is no systemd-run, though systemd runs'
      return 1
    fi
    if lingers; then
      way=user
      return 0
    fi
    if is_killed_at_logout; then
      detach_problem="logind kills what $(id -un) leaves running; \`loginctl enable-linger\` allows it"
      return 1
    fi
  fi
  command -v setsid >/dev/null 2>&1 && return 0
  detach_problem='there is no setsid'
  return 1
}

lingers() {
  [ -e "/var/lib/systemd/linger/$(id -un)" ] && command -v systemd-run >/dev/null 2>&1 ||
    return 1
  XDG_RUNTIME_DIR=/run/user/$uid
  export XDG_RUNTIME_DIR
  [ -S "$XDG_RUNTIME_DIR/systemd/private" ]
}

is_killed_at_logout() {
  grep -q '/session-[^/]*\.scope' /proc/self/cgroup || return 1
  case $(loginctl show-session -p KillUserProcesses 2>/dev/null) in
    KillUserProcesses=no) return 1 ;;
  esac
}
