#!/bin/sh
# Becomes the first process of a machine: an overlay of this one's / under systemd.
#
# Runs as process 1 of its own pid, mount, uts, ipc and cgroup namespaces. What the
# machine writes stays in FOLDER/disk, so that it is there again at the next boot.
#
# Usage: systemd_boot.sh FOLDER SEED HOSTNAME [SHARED...]
#   FOLDER    where the keeper mounted the disk
#   SEED      a script that furnishes a new disk; it runs inside, once
#   SHARED    folders of this machine that the node sees read-only at the same
#             place, also below /tmp (checkout, interpreter)
set -eu

folder=$1
seed=$2
name=$3
shift 3
root=$folder/root

mount --make-rprivate /
new=''
if [ ! -e "$folder/disk/upper" ]; then
  mkdir "$folder/disk/upper" "$folder/disk/work"
  new=yes
fi
mount -t overlay overlay \
  -o "lowerdir=/,upperdir=$folder/disk/upper,workdir=$folder/disk/work" "$root"
mount -t proc proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,ro,bind "$root/proc/sys"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=0755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"

# A small /dev of its own: systemd would otherwise change modes in the host's.
mount -t tmpfs -o mode=0755 tmpfs "$root/dev"
for device in null zero full random urandom tty; do
  : >"$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"

for shared; do
  mkdir -p "$root$shared"
  mount --bind "$shared" "$root$shared"
  mount -o remount,ro,bind "$root$shared"
  # The mail server's own user must reach them through folders such as /root.
  above=$(dirname "$root$shared")
  while [ "$above" != "$root" ]; do
    chmod a+x "$above" 2>/dev/null || : # a read-only mount is as it is
    above=$(dirname "$above")
  done
done

if [ -n "$new" ]; then cat "$seed" >"$root/run/seed"; fi
hostname "$name"
mkdir "$root/run/host"
cd "$root"
pivot_root . run/host
# shellcheck disable=SC2016 # the inner shell expands it
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  container=test /bin/sh -c '
    set -eu
    umount -l /run/host
    rmdir /run/host
    if [ -e /run/seed ]; then sh /run/seed; rm /run/seed; fi
    exec /lib/systemd/systemd --system --unit=multi-user.target
  ' </dev/null
