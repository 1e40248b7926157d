# shellcheck shell=sh
# What every other part uses: the framed answer, time, processes, digests, flushing.
#
# The parts run under dash, bash and busybox ash with the programs that Debian, RHEL
# and Alpine install. They are ASCII, because the line that reads them counts
# characters, and never use here-documents, because bash spills those into /tmp.
# What the controller asks for stands in variables that begin with ask_.
# shellcheck disable=SC2015,SC2034,SC2154 # refuse is for both of a && b; shared names

LC_ALL=C
TZ=UTC
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL TZ PATH
# With CONFIG_PATH set, asking a server for its version starts a server.
# Source: stalwart v0.15.5 crates/common/src/manager/boot.rs.
unset CONFIG_PATH
# A proxy must not answer for this machine.
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
umask 077
newline='
'

# One field of the answer: any bytes, up to the next line that begins with the nonce.
# What is put is kept and said at once: each write wakes the login's server, which makes
# a packet of it. After field the bytes themselves are written.
unsaid=
put() { unsaid=$unsaid$newline$nonce\ $1$newline$2; }
field() {
  printf '%s\n%s %s\n' "$unsaid" "$nonce" "$1"
  unsaid=
}

# The end of an answer; an answer without it was cut.
finished() {
  put end ''
  printf '%s\n' "$unsaid"
  exit 0
}

# Nothing was done: CODE for the program, text for people.
refuse() {
  put error "$1 $2"
  finished
}

need() {
  for tool; do
    command -v "$tool" >/dev/null 2>&1 || refuse tool "$tool"
  done
}

# Sets uid to who we are, where no look at files has told it.
who_am_i() { [ -n "${uid-}" ] || uid=$(id -u); }

is_in_container() { [ "$ask_manager" = docker ] || [ "$ask_manager" = podman ]; }

# Programs that can ask over HTTP, and that can listen to a greeting.
has_http() { has_one_of curl wget python3; }
has_talk() { has_one_of bash python3 nc; }
has_one_of() {
  for tool; do
    command -v "$tool" >/dev/null 2>&1 && return 0
  done
  return 1
}

now() { now=$(date +%s); }

# Whole seconds of a clock that nobody sets, for time limits; no process is started.
uptime_seconds() {
  read -r uptime_seconds _ </proc/uptime
  uptime_seconds=${uptime_seconds%%.*}
}

# Hundredths of a second, likewise.
centiseconds() {
  read -r centiseconds _ </proc/uptime
  centiseconds=${centiseconds%.*}${centiseconds#*.}
}

# Part of a second where sleep can, else a whole one.
nap() { sleep "$1" 2>/dev/null || sleep 1; }

# Sets born to the start of process $1 in clock ticks since boot. Fails where it is
# gone; one that only waits to be collected by its parent is gone.
born_of() {
  born=
  stat_line=
  read -r stat_line 2>/dev/null <"/proc/$1/stat"
  # The name, in parentheses, may hold blanks; fields 3 and 22 are what we want.
  # shellcheck disable=SC2086 # the fields are to be split
  set -- ${stat_line##*) }
  [ $# -ge 20 ] || return 1
  case $1 in Z | X) return 1 ;; esac
  shift 19
  born=$1
}

# Sets ticks to this moment, in the same clock: that of a process made for it. Both
# come from one source, so a container with an uptime of its own can't part them.
ticks() { ticks=$(born_of self && echo "$born"); }

# Whether the process that $1 names as "PID BORN BOOT" lives.
lives() {
  # shellcheck disable=SC2086 # three fields
  set -- $1
  [ $# -eq 3 ] && boot_id && [ "$3" = "$boot" ] && born_of "$1" && [ "$born" = "$2" ]
}

boot_id() { read -r boot 2>/dev/null </proc/sys/kernel/random/boot_id || boot=none; }

# Sets digest of the file $1; empty where it can't be read, or is a pipe that somebody
# put in its place, which would be waited for without end. It may come there between our
# look and the opening, so that is bounded too, where the node has the means.
digest_of() {
  digest=
  [ -f "$1" ] || return 0
  if command -v timeout >/dev/null 2>&1; then
    digest=$(timeout 60 sha256sum "$1" 2>/dev/null) || digest=
  else
    digest=$(sha256sum "$1" 2>/dev/null) || digest=
  fi
  digest=${digest%% *}
  digest=${digest#\\} # it stands before the digest of a file with an odd name
  digest=${digest:+sha256:$digest}
}

# On return the files and folders named survive a power cut. Where sync knows no
# arguments it flushes everything.
flush() { sync "$@" 2>/dev/null || sync; }

# Writes $2 and a newline to $1: the old content or the new, whatever happens.
keep() {
  printf '%s\n' "$2" >"$1.new" && flush "$1.new" && mv -f "$1.new" "$1" && flush "${1%/*}"
}
