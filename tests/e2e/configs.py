"""Config files of nodes, in the three shapes that are met in practice.

Every secret in them holds CANARY, which must never come to the controller's outputs.
`@HTTP@`, `@SMTP@` and `@FOLDER@` are a node's own ports and folder.
"""

CANARY = "CANARY"

WRITTEN_BY_SERVER = """\
authentication.fallback-admin.secret = "CANARY-admin"
authentication.fallback-admin.user = "admin"
cluster.coordinator = "redis"
cluster.node-id = 1
cluster.roles.fts-indexing.0000 = "2,9"
cluster.roles.purge.stores.0000 = 2
server.hostname = "mx1.example.org"
server.listener.http.bind.0000 = "127.0.0.1:@HTTP@"
server.listener.http.protocol = "http"
server.listener.smtp.bind.0000 = "127.0.0.1:@SMTP@"
server.listener.smtp.protocol = "smtp"
storage.data = "rocksdb"
store.redis.redis-type = "single"
store.redis.type = "redis"
store.redis.urls.0000 = "redis://:CANARY-redis@127.0.0.1:6379/0"
store.rocksdb.path = "@FOLDER@/data"
store.rocksdb.type = "rocksdb"
tracer.log.ansi = false
tracer.log.enable = true
tracer.log.path = "@FOLDER@/logs"
tracer.log.prefix = "stalwart.log"
tracer.log.rotate = "daily"
tracer.log.type = "log"
"""

WRITTEN_BY_HAND = """\
# Rack 2.  Ask before you touch the listeners.\t

[server]
hostname = "old.example.org"    # what we say in the greeting

[server.listener."http"]
bind = ["127.0.0.1:@HTTP@"]
protocol = "http"

[server.listener."smtp"]
bind = ["127.0.0.1:@SMTP@"]
protocol = "smtp"

[cluster]
node-id = 2
coordinator = 'redis'

[cluster.roles]
fts-indexing = ["2,9"]          # the two with the fast disks

[cluster.roles.purge]
stores = [2]

[storage]
data = "rocksdb"

[store."rocksdb"]
type = "rocksdb"
path = "@FOLDER@/data"

[store."redis"]
type = "redis"
redis-type = "single"
urls = ["redis://:CANARY-redis@127.0.0.1:6379/0"]

[authentication.fallback-admin]
user = "admin"
secret = '''CANARY-admin'''
"""

WRITTEN_BY_BOTH = """\
server.hostname = "mx3.example.org"\r
cluster.node-id = 9\r
cluster.coordinator = "redis"\r
cluster.roles.fts-indexing = "2,9"\r
cluster.roles.purge.stores = [2]\r
\r
storage.data = "rocksdb"\r
[server.listener.http]\r
bind = "127.0.0.1:@HTTP@"\r
protocol = "http"\r
[server.listener.smtp]\r
bind = "127.0.0.1:@SMTP@"\r
protocol = "smtp"\r
[store.rocksdb]\r
type = "rocksdb"\r
path = "@FOLDER@/data"\r
[store.redis]\r
type = "redis"\r
redis-type = "single"\r
urls = "redis://:CANARY-redis@127.0.0.1:6379/0"\r
[authentication.fallback-admin]\r
user = "admin"\r
secret = "CANARY-admin"\r
"""

REST = """\
server.listener.http.bind = "127.0.0.1:@HTTP@"
server.listener.http.protocol = "http"
server.listener.smtp.bind = "127.0.0.1:@SMTP@"
server.listener.smtp.protocol = "smtp"
storage.data = "rocksdb"
store.rocksdb.type = "rocksdb"
store.rocksdb.path = "@FOLDER@/data"
authentication.fallback-admin.user = "admin"
authentication.fallback-admin.secret = "CANARY-admin"
"""


def small(number: int, more: str = "", *, hostname: str = "") -> str:
    """A short file: id *number*, a hostname (by default after it), and *more*."""
    name = hostname or f"mx{number}.example.org"
    own = f'cluster.node-id = {number}\nserver.hostname = "{name}"\n'
    return own + (f"{more}\n" if more else "") + REST
