#!/bin/bash
# What makes a plain Debian tree a bed. Part of the cache's stamp: change it, and the next build applies it.
#   configure.sh ROOT USER UID PUBLIC_KEY_FILE
set -euo pipefail
root=$1 user=$2 uid=$3 key=$4
units=$root/etc/systemd/system

mask() {
  local unit
  for unit in "$@"; do ln -sf /dev/null "$units/$unit"; done
}
# would act on the host's kernel: settings, modules, devices, clock, audit, tracing, file systems of the kernel
mask systemd-sysctl.service systemd-modules-load.service systemd-binfmt.service systemd-udevd.service \
  systemd-udev-trigger.service systemd-udev-settle.service systemd-udevd-control.socket systemd-udevd-kernel.socket \
  systemd-random-seed.service systemd-timesyncd.service systemd-journald-audit.socket systemd-hwdb-update.service \
  sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount sys-fs-fuse-connections.mount \
  dev-hugepages.mount proc-sys-fs-binfmt_misc.automount proc-sys-fs-binfmt_misc.mount
# have nothing to work on: no disk to remount, no console, no TPM, no network device that is not yet set up
mask systemd-remount-fs.service systemd-firstboot.service getty.target console-getty.service getty@tty1.service \
  systemd-networkd.service systemd-tpm2-setup.service systemd-tpm2-setup-early.service systemd-pcrphase.service
# would start in the middle of a test and hold dpkg's lock
mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer

ln -sf /usr/lib/systemd/system/multi-user.target "$units/default.target"
mkdir -p "$units/multi-user.target.wants"
# user quadlets are ordered after podman-user-wait-network-online.service, which waits 90 s for a target nobody wants
ln -sf /usr/lib/systemd/system/network-online.target "$units/multi-user.target.wants/network-online.target"
: >"$root/etc/fstab"
# an empty machine-id would count as a first boot; each bed gets its own before systemd starts
: >"$root/etc/machine-id"
rm -f "$root/var/lib/dbus/machine-id" "$root/etc/hostname" # debootstrap copies the host's name

# the lingering user: its manager runs from boot, without a login
chroot "$root" useradd -m -u "$uid" -s /bin/bash "$user"
printf '%s:100000:65536\n' "$user" | tee "$root/etc/subuid" >"$root/etc/subgid"
mkdir -p "$root/var/lib/systemd/linger"
: >"$root/var/lib/systemd/linger/$user"
printf '%s ALL=(ALL) NOPASSWD: ALL\n' "$user" >"$root/etc/sudoers.d/bed"
chmod 440 "$root/etc/sudoers.d/bed"
# FUSE mounts of the user are also for its containers, which run as other uids
echo user_allow_other >"$root/etc/fuse.conf"

mkdir -p "$root/etc/containers/containers.conf.d" "$root/etc/containers/registries.conf.d"
cat >"$root/etc/containers/containers.conf.d/bed.conf" <<'END'
[containers]
# podman's defaults are above the hard limits here, and nothing in a bed may raise those (no CAP_SYS_RESOURCE)
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
# the pids controller may be missing in the bed's cgroup; asking for a limit then fails the container
pids_limit = 0
[engine]
runtime = "crun"
# container output goes to the journal all the same; this is podman's own event log
events_logger = "file"
END
# a short name is a local image or an error; no registry is asked for it
rm -f "$root/etc/containers/registries.conf.d/shortnames.conf"
cat >"$root/etc/containers/registries.conf.d/bed.conf" <<'END'
unqualified-search-registries = []
short-name-mode = "disabled"
END
[ -e "$root/etc/containers/policy.json" ] ||
  echo '{"default":[{"type":"insecureAcceptAnything"}]}' >"$root/etc/containers/policy.json"

# sshd: keys only; the host key is made for each bed, outside, so that ssh can check it
rm -f "$root"/etc/ssh/ssh_host_* "$units/ssh.socket" "$units/sockets.target.wants/ssh.socket"
mkdir -p "$root/etc/ssh/sshd_config.d"
printf '%s\n' 'PasswordAuthentication no' 'PermitRootLogin prohibit-password' 'UseDNS no' \
  'HostKey /etc/ssh/ssh_host_ed25519_key' >"$root/etc/ssh/sshd_config.d/bed.conf"
ln -sf /usr/lib/systemd/system/ssh.service "$units/multi-user.target.wants/ssh.service"
install -D -m 600 "$key" "$root/root/.ssh/authorized_keys"
install -D -m 600 "$key" "$root/home/$user/.ssh/authorized_keys"
chmod 700 "$root/root/.ssh" "$root/home/$user/.ssh"
chown -R "$uid:$uid" "$root/home/$user"
