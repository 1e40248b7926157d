"""Config files full of secrets, and the word by which each secret is known again."""

import secrets

COUNT = 24  # secrets in each node's file and environment


def new_token() -> str:
    """A word that no other run of the tests has."""
    return f"CANARY{secrets.token_hex(4)}"


def canaries(token: str, node: str) -> list[str]:
    """*node*'s own secrets; each tells whose it is and which."""
    return [f"{token}-{node}-{number:02}" for number in range(COUNT)]


def environment(token: str, node: str) -> dict[str, str]:
    """What the service's environment hides: the last four of the node's secrets."""
    names = ("REDIS_PASSWORD", "S3_SECRET", "DKIM_KEY", "LICENCE")
    return dict(zip(names, canaries(token, node)[-4:], strict=True))


def by_hand(token: str, node: str, node_id: int, http: int, smtp: int) -> str:
    """As an administrator writes one: tables, remarks, strings of many lines."""
    c = canaries(token, node)
    return f"""\
# {c[0]}: told by phone, do not share
server.hostname = "old-{node}.example.org"   # {c[1]}
cluster.node-id = {node_id}
cluster.roles.purge.stores = [1]

[server.listener."http"]
bind = ["127.0.0.1:{http}"]
protocol = "http"
[server.listener."smtp"]
bind = ["127.0.0.1:{smtp}"]
protocol = "smtp"

[storage]
data = "rocksdb"
blob = "s3"
[store."rocksdb"]
type = "rocksdb"
path = "/nowhere/{c[2]}"
[store."s3"]
type = "s3"
access-key = "{c[3]}"
secret-key = '''{c[4]}'''
key-prefix = "%{{env:S3_SECRET}}%"
[store."redis"]
type = "redis"
redis-type = "single"
urls = ["redis://:{c[5]}@127.0.0.1:6379/0"]
password = "{c[6]}"
[authentication.fallback-admin]
user = "admin"
secret = "{c[7]}"
[signature."rsa"]
private-key = '''
-----BEGIN {c[8]}-----
{c[9]}
{c[10]}
-----END {c[11]}-----
'''
# old = "{c[12]}"
[directory."ldap".bind]
dn = "cn={c[13]}"
secret = "{c[14]}"
[certificate."default"]
private-key = "%{{env:DKIM_KEY}}%"
[oauth]
key = "{c[15]}"
[enterprise.api]
token = "{c[16]}"
[acme."letsencrypt".eab]
kid = "{c[17]}"
hmac-key = "{c[18]}"
#   {c[19]}
"""


def by_server(token: str, node: str, node_id: int, http: int, smtp: int) -> str:
    """As the server writes one: a line per key, sorted, no remark."""
    c = canaries(token, node)
    lines = {
        "authentication.fallback-admin.secret": c[0],
        "authentication.fallback-admin.user": "admin",
        "server.hostname": f"old-{node}.example.org",
        "server.listener.http.bind.0000": f"127.0.0.1:{http}",
        "server.listener.http.protocol": "http",
        "server.listener.smtp.bind.0000": f"127.0.0.1:{smtp}",
        "server.listener.smtp.protocol": "smtp",
        "storage.data": "rocksdb",
        "store.redis.password": c[1],
        "store.redis.redis-type": "single",
        "store.redis.type": "redis",
        "store.redis.urls.0000": f"redis://:{c[2]}@127.0.0.1:6379/0",
        "store.rocksdb.path": f"/nowhere/{c[3]}",
        "store.rocksdb.type": "rocksdb",
    } | {f"zz.secret-{number:02}": c[number] for number in range(4, 20)}
    text = [f'{key} = "{lines[key]}"\n' for key in lines]
    text += [f"cluster.node-id = {node_id}\n", "cluster.roles.purge.stores.0000 = 1\n"]
    return "".join(sorted(text))
