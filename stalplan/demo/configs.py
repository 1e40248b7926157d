"""The three config files of the demo, in the three shapes that are met in practice.

mx1's was written by the server itself, mx2's by a person, mx3's by both. mx3 began
as a copy of mx2: its id and its hostname are still mx2's. All three still name node
4, which left long ago, as the one that purges the stores; so nobody does.
"""

from collections.abc import Mapping

_WRITTEN_BY_SERVER = """\
authentication.fallback-admin.secret = "only-in-this-demo"
authentication.fallback-admin.user = "admin"
cluster.coordinator = "redis"
cluster.node-id = 1
cluster.roles.fts-indexing.0000 = "2,3"
cluster.roles.purge.stores.0000 = 4
server.hostname = "mx1.example.org"
server.listener.http.bind.0000 = "127.0.0.1:@HTTP@"
server.listener.http.protocol = "http"
server.listener.smtp.bind.0000 = "127.0.0.1:@SMTP@"
server.listener.smtp.protocol = "smtp"
storage.blob = "rocksdb"
storage.data = "rocksdb"
storage.directory = "internal"
storage.fts = "rocksdb"
storage.lookup = "redis"
store.redis.redis-type = "single"
store.redis.type = "redis"
store.redis.urls.0000 = "redis://:only-in-this-demo@127.0.0.1:6379/0"
store.rocksdb.compression = "lz4"
store.rocksdb.path = "@FOLDER@/data"
store.rocksdb.type = "rocksdb"
tracer.log.ansi = false
tracer.log.enable = true
tracer.log.level = "info"
tracer.log.path = "@FOLDER@/logs"
tracer.log.prefix = "stalwart.log"
tracer.log.rotate = "daily"
tracer.log.type = "log"
"""

_WRITTEN_BY_HAND = """\
# Mail server of rack 2. Ask before you touch the listeners.

[server]
hostname = "mx2.example.org"    # what we say in the greeting

[server.listener."smtp"]
bind = ["127.0.0.1:@SMTP@"]
protocol = "smtp"

[server.listener."http"]
bind = ["127.0.0.1:@HTTP@"]
protocol = "http"

[cluster]
node-id = 2
coordinator = "redis"

[cluster.roles]
fts-indexing = ["2,3"]          # the two with the fast disks

[cluster.roles.purge]
stores = [4]

[storage]
data = "rocksdb"
blob = "rocksdb"
fts = "rocksdb"
lookup = "redis"
directory = "internal"

[store."rocksdb"]
type = "rocksdb"
path = "@FOLDER@/data"
compression = "lz4"

[store."redis"]
type = "redis"
redis-type = "single"
urls = ["redis://:only-in-this-demo@127.0.0.1:6379/0"]

[tracer.log]
type = "log"
level = "info"
path = "@FOLDER@/logs"
prefix = "stalwart.log"
rotate = "daily"
ansi = false
enable = true

[authentication.fallback-admin]
user = "admin"
secret = "only-in-this-demo"
"""

_WRITTEN_BY_BOTH = """\
# Copied from mx2 when rack 3 was built.
server.hostname = "mx2.example.org"
cluster.node-id = 2
cluster.coordinator = "redis"
cluster.roles.fts-indexing = "2,3"
cluster.roles.purge.stores = [4]

storage.data = "rocksdb"
storage.blob = "rocksdb"
storage.fts = "rocksdb"
storage.lookup = "redis"
storage.directory = "internal"

[server.listener.smtp]
bind = "127.0.0.1:@SMTP@"
protocol = "smtp"

[server.listener.http]
bind = "127.0.0.1:@HTTP@"
protocol = "http"

[store.rocksdb]
type = "rocksdb"
path = "@FOLDER@/data"
compression = "lz4"

[store.redis]
type = "redis"
redis-type = "single"
urls = "redis://:only-in-this-demo@127.0.0.1:6379/0"

[tracer.log]
type = "log"
level = "info"
path = "@FOLDER@/logs"
prefix = "stalwart.log"
rotate = "daily"
ansi = false

[authentication.fallback-admin]
user = "admin"
secret = "only-in-this-demo"
"""

CONFIGS: Mapping[str, str] = {
    "mx1": _WRITTEN_BY_SERVER,
    "mx2": _WRITTEN_BY_HAND,
    "mx3": _WRITTEN_BY_BOTH,
}


def config_text(node: str, *, folder: str, http: int, smtp: int) -> str:
    """One node's file, with its own folder and ports."""
    text = CONFIGS[node]
    for name, value in (("FOLDER", folder), ("HTTP", http), ("SMTP", smtp)):
        text = text.replace(f"@{name}@", str(value))
    return text
