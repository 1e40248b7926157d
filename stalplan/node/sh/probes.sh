# shellcheck shell=sh
# Single questions about a running server. Each sets an answer and judges nothing.
# shellcheck disable=SC2034,SC2086,SC2154 # shared variables; words are to be split

# Whether the address $1 answers with 200, asked from here. Certificates are not
# looked at: it is this machine, asked by its address.
answers_200() {
  if command -v curl >/dev/null 2>&1; then
    [ "$(${into-} curl -q -s -k -o /dev/null -m 5 -w '%{http_code}' -- "$1" 2>/dev/null)" = 200 ]
  elif wget --version >/dev/null 2>&1; then
    ${into-} wget --no-check-certificate -q -T 5 -t 1 -O /dev/null "$1" >/dev/null 2>&1
  elif command -v wget >/dev/null 2>&1; then
    # busybox's: it has neither a version nor, everywhere, a time limit.
    limit 5 ${into-} wget --no-check-certificate -q -O /dev/null "$1" >/dev/null 2>&1
  else
    ${into-} python3 -I -c '
import ssl, sys, urllib.request as request
context = ssl._create_unverified_context()
opener = request.build_opener(
    request.ProxyHandler({}), request.HTTPSHandler(context=context)
)
sys.exit(opener.open(sys.argv[1], timeout=5).status != 200)
' "$1" >/dev/null 2>&1
  fi
}

# Prints the first line that $1, "ADDRESS:PORT", says by itself.
first_words() {
  host=${1%:*}
  host=${host#\[}
  host=${host%\]}
  port=${1##*:}
  case $host in
    0.0.0.0) host=127.0.0.1 ;;
    ::) host=::1 ;;
  esac
  if command -v bash >/dev/null 2>&1; then
    # shellcheck disable=SC2016 # that bash expands them
    limit 5 ${into-} bash -c 'exec 3<>"/dev/tcp/$0/$1" && IFS= read -r -t 5 words <&3 &&
      printf "%s\n" "$words"' "$host" "$port"
  elif command -v python3 >/dev/null 2>&1; then
    ${into-} python3 -I -c '
import socket, sys
line = socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)
print(line.makefile("rb").readline(1000).decode("ascii", "replace"))
' "$host" "$port"
  else
    sleep 3 | limit 5 ${into-} nc "$host" "$port" | head -n 1
  fi 2>/dev/null | tr -d '\r' | head -n 1
}

# Prints those of the listeners $2 on which process $1 doesn't listen itself. Another
# process on a port makes the server listen on a random one and say nothing.
# Source: stalwart v0.15.5 crates/common/src/listener/listen.rs.
unowned_listeners() {
  [ -n "$2" ] || return 0
  {
    ls -l "/proc/$1/fd/"
    # In a container the first process may be one that only starts the server.
    if is_in_container; then
      read -r children <"/proc/$1/task/$1/children"
      for child in $children; do ls -l "/proc/$child/fd/"; done
    fi
    cat "/proc/$1/net/tcp" "/proc/$1/net/tcp6"
  } 2>/dev/null | awk -v "listeners=$2" "$LISTENERS"
}

# Whether we may look at what process $1 has open.
may_look_into() {
  command -v awk >/dev/null 2>&1 && [ -r "/proc/$1/net/tcp" ] &&
    ls "/proc/$1/fd/" >/dev/null 2>&1
}

# The kernel prints an IPv4 address as four bytes in the machine's order, so both
# orders count. Other IPv6 addresses than :: are compared by their port alone.
# shellcheck disable=SC2016 # these are awk's dollars
LISTENERS='
match($0, /socket:\[[0-9]+\]/) {
  open[substr($0, RSTART + 8, RLENGTH - 9)] = 1
  next
}
$4 == "0A" && ($10 in open) {
  colon = index($2, ":")
  address = substr($2, 1, colon - 1)
  port = substr($2, colon + 1)
  held[address ":" port] = 1
  if (length(address) == 32) held["six:" port] = 1
  held["any:" port] = 1
}
END {
  count = split(listeners, wanted, " ")
  for (i = 1; i <= count; i++) if (!is_held(wanted[i])) print wanted[i]
}
function is_held(listener, port, host, parts) {
  port = listener
  sub(/.*:/, "", port)
  host = substr(listener, 1, length(listener) - length(port) - 1)
  port = sprintf("%04X", port)
  if (host ~ /^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$/) {
    split(host, parts, ".")
    return (sprintf("%02X%02X%02X%02X", parts[4], parts[3], parts[2], parts[1]) ":" port in held) ||
      (sprintf("%02X%02X%02X%02X", parts[1], parts[2], parts[3], parts[4]) ":" port in held)
  }
  if (host == "[::]") return (("00000000000000000000000000000000:" port) in held)
  if (host ~ /^\[/) return (("six:" port) in held)
  return (("any:" port) in held)
}'

# Of the log only these lines matter; each event has its name in parentheses.
# Source: stalwart v0.15.5 crates/trc/src/event/description.rs.
WANTED_LINES='config\.(parse|build|macro)-error|server\.startup|cluster\.(publisher|subscriber)-start'

# Prints the log files that the tracers' prefixes name, a line each. $1: only those
# that may hold lines of this day.
log_files() {
  IFS=$newline
  for prefix in $ask_log_prefixes; do
    unset IFS
    if is_in_container && through_mounts "$prefix"; then prefix=$host_path; fi
    [ -z "${1-}" ] || set -- "$1" "$prefix"*"$1"*
    [ -n "${1-}" ] || set -- '' "$prefix"*
    shift
    for file in "$prefix" "$@"; do
      [ -f "$file" ] && printf '%s\n' "$file"
    done
  done | sort -u
}

# Prints how long each log file is, so that what comes later can be told apart.
log_sizes() {
  log_files | while read -r file; do
    printf '%s %s\n' "$(wc -c <"$file")" "$file"
  done
}

# Prints the wanted lines that came since the sizes in file $1 were noted, and those
# of process $2 in the journal.
log_since() {
  log_files | while read -r file; do
    from=0
    while read -r size known; do
      [ "$known" != "$file" ] || from=$size
    done <"$1"
    # A file that shrank was begun anew.
    [ "$(wc -c <"$file")" -ge "$from" ] || from=0
    tail -c +$((from + 1)) "$file"
  done 2>/dev/null | grep -aE "$WANTED_LINES"
  journal_of "$2"
}

# Prints the wanted lines of process $1 since its start at $2, an ISO time: those of
# that day's files, and those in the journal.
log_from_start() {
  log_files "${2%%T*}" | while read -r file; do
    grep -aE "$WANTED_LINES" "$file"
  done 2>/dev/null | awk -v "since=$2" '$1 >= since'
  journal_of "$1"
}

journal_of() {
  if is_in_container; then
    container_log
    return 0
  fi
  [ "$ask_manager" = systemd ] && [ -n "$1" ] && command -v journalctl >/dev/null 2>&1 || return 0
  limit 20 journalctl -q --no-pager -o cat "_PID=$1" 2>/dev/null | grep -aE "$WANTED_LINES"
}

# Reads log lines; prints the managed keys that have errors, each once. Only names of
# keys leave this function: a line may hold a secret.
keys_with_errors() {
  awk -v "prefixes=$ask_key_prefixes" '
    /config\.(parse|build|macro)-error/ {
      count = split(prefixes, wanted, " ")
      for (i = 1; i <= count; i++) {
        at = index($0, "\"" wanted[i])
        if (!at) continue
        key = substr($0, at + 1)
        sub(/[^A-Za-z0-9._-].*/, "", key)
        if (!(key in seen)) print key
        seen[key] = 1
      }
    }'
}
