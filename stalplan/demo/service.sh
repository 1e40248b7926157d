#!/bin/sh
# How a demo node's server is run: what systemd does on a real one.
# usage: service start|stop|active|pid|version
set -u

here=$(cd "$(dirname "$0")" && pwd) || exit 1
pidfile=$here/server.pid
STANDIN_VERSION=0.15.5
export STANDIN_VERSION

# The server's process id, if it lives. A zombie that nobody waits for is dead.
alive() {
    read -r pid 2>/dev/null <"$pidfile" || return 1
    kill -0 "$pid" 2>/dev/null || return 1
    if [ -r "/proc/$pid/stat" ]; then
        read -r stat <"/proc/$pid/stat" || return 1
        case $stat in *') Z '*) return 1 ;; esac
    fi
}

case ${1-} in
    start)
        alive && exit 0
        # A session of its own: it must outlive the login that started it.
        setsid "$here/stalwart" --config="$here/config.toml" \
            </dev/null >>"$here/server.out" 2>&1 &
        echo $! >"$pidfile"
        ;;
    stop)
        alive || exit 0
        kill -TERM "$pid"
        while alive; do sleep 0.05; done
        rm -f "$pidfile"
        ;;
    active) alive ;;
    pid) alive && echo "$pid" ;;
    version) echo "$STANDIN_VERSION" ;;
    *)
        echo "usage: service start|stop|active|pid|version" >&2
        exit 64
        ;;
esac
