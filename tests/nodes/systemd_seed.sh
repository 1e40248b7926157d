# shellcheck shell=sh
# Furnishes a new machine's disk before its first boot; runs inside, once.
#
# Begins with settings that its node wrote above: name, port, host_key,
# authorized_key, prefix, account, server, environment and config.
# shellcheck disable=SC2154 # they stand above
set -eu

# What this machine would start or mount is not for its guest.
: >/etc/fstab
rm -rf /etc/systemd/system/* /etc/systemd/user/* /etc/rc?.d/* /var/log/journal
mkdir -p /etc/systemd/system-generators
for generator in /usr/lib/systemd/system-generators/* /lib/systemd/system-generators/*; do
  ln -sf /dev/null "/etc/systemd/system-generators/${generator##*/}"
done
for unit in \
  systemd-udevd systemd-udev-trigger systemd-udev-settle systemd-modules-load \
  systemd-sysctl systemd-binfmt systemd-networkd systemd-resolved \
  systemd-timesyncd systemd-firstboot systemd-repart systemd-random-seed \
  networking console-getty getty-static \
  modprobe@configfs modprobe@dm_mod modprobe@drm modprobe@efi_pstore \
  modprobe@fuse modprobe@loop; do
  ln -s /dev/null "/etc/systemd/system/$unit.service"
done
for unit in getty.target systemd-journald-audit.socket systemd-udevd-kernel.socket \
  systemd-udevd-control.socket sys-kernel-debug.mount sys-kernel-tracing.mount \
  sys-kernel-config.mount sys-fs-fuse-connections.mount dev-hugepages.mount \
  proc-sys-fs-binfmt_misc.automount systemd-tmpfiles-clean.timer; do
  ln -s /dev/null "/etc/systemd/system/$unit"
done

echo "$name" >/etc/hostname
printf '127.0.0.1 localhost %s\n' "$name" >/etc/hosts
# An empty file would mean a first boot, which enables every unit there is.
tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id
# A guest's boot must not wait for directories of the host's network.
rm -f /etc/nologin /var/lib/systemd/linger/*

# Nor are the login scripts of this machine's root: one that waits for a lock of the
# host's, as pyenv's does, would hold up every login.
rm -f /root/.bashrc /root/.bash_profile /root/.bash_login /root/.profile

umask 077
rm -rf /etc/stalplan-node
mkdir /etc/stalplan-node
printf '%s\n' "$host_key" >/etc/stalplan-node/host_key
chmod 755 /etc/stalplan-node
umask 022
printf '%s\n' "$authorized_key" >/etc/stalplan-node/authorized_keys
cat >/etc/stalplan-node/sshd_config <<END
ListenAddress 127.0.0.1
Port $port
HostKey /etc/stalplan-node/host_key
AuthorizedKeysFile /etc/stalplan-node/authorized_keys
PidFile /run/sshd/pid
UsePAM yes
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
PrintMotd no
PrintLastLog no
UseDNS no
MaxStartups 500
MaxSessions 500
END
cat >/etc/systemd/system/ssh.service <<END
[Unit]
Description=OpenBSD Secure Shell server
[Service]
RuntimeDirectory=sshd
ExecStart=/usr/sbin/sshd -D -f /etc/stalplan-node/sshd_config
KillMode=process
Restart=on-failure
[Install]
WantedBy=multi-user.target
END

# As the server's installer leaves a machine.
# Source: stalwart v0.15.5 install.sh, resources/systemd/stalwart-mail.service.
# This machine may have a mail server of its own, and nodes' records of other tests;
# its files are not for its guest.
rm -rf "$prefix" /var/lib/stalplan
id -u "$account" >/dev/null 2>&1 || useradd --system --home-dir "$prefix" --no-create-home --shell /usr/sbin/nologin \
  --user-group "$account"
mkdir -p "$prefix/etc" "$prefix/bin" "$prefix/logs" "$prefix/data"
binary=$prefix/bin/$account
cat >"$binary" <<END
#!/bin/sh
# Each start leaves a line; asking for the version is no start.
case \$* in *--config=*) echo \$\$ >>$prefix/starts ;; esac
PYTHONDONTWRITEBYTECODE=1 exec $server "\$@"
END
chmod 755 "$binary"
if [ -n "$config" ]; then
  printf '%s' "$config" >"$prefix/etc/config.toml"
  chmod 700 "$prefix/etc/config.toml"
fi
chown -R "$account:$account" "$prefix"
cat >"/etc/systemd/system/$account.service" <<END
[Unit]
Description=Stalwart Mail Server
Conflicts=postfix.service sendmail.service exim4.service
ConditionPathExists=$prefix/etc/config.toml
After=network-online.target
[Service]
Type=simple
LimitNOFILE=65536
KillMode=process
KillSignal=SIGINT
Restart=on-failure
RestartSec=5
ExecStart=$binary --config=$prefix/etc/config.toml
SyslogIdentifier=$account
User=$account
Group=$account
AmbientCapabilities=CAP_NET_BIND_SERVICE
$environment
[Install]
WantedBy=multi-user.target
END
mkdir /etc/systemd/system/multi-user.target.wants
for unit in ssh "$account"; do
  ln -s "../$unit.service" /etc/systemd/system/multi-user.target.wants/
done
