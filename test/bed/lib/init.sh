#!/bin/bash
# A bed's PID 1 before it is systemd: in new mount, pid, cgroup, ipc and uts namespaces and in the bed's network
# namespace, put the root together, enter it, become systemd.   init.sh BEDDIR
set -euo pipefail
dir=$1
root=$dir/root
name=$(cat "$dir/name")

mount --make-rprivate /
mount -t overlay overlay -o "lowerdir=$(cat "$dir/layers"),upperdir=$dir/upper,workdir=$dir/work" "$root"

# what only this bed has, and what it keeps from one boot to the next
[ -e "$dir/machine-id" ] || tr -d - </proc/sys/kernel/random/uuid >"$dir/machine-id"
cp "$dir/machine-id" "$root/etc/machine-id"
echo "$name" >"$root/etc/hostname"
hostname "$name"
cp "$dir/hosts" "$root/etc/hosts"
cp --remove-destination "$dir/resolv.conf" "$root/etc/resolv.conf"
cp "$dir/host_key" "$root/etc/ssh/ssh_host_ed25519_key"
cp "$dir/host_key.pub" "$root/etc/ssh/ssh_host_ed25519_key.pub"

# plain directories where container storage sits: it is an overlay itself, and cannot have another as its upper layer
plain() { # DIR
  if [ ! -d "$dir/plain/$1" ]; then
    mkdir -p "$root/$1" "$dir/plain/$1"
    cp -a "$root/$1/." "$dir/plain/$1/"
    chmod --reference="$root/$1" "$dir/plain/$1"
  fi
  mount --bind "$dir/plain/$1" "$root/$1"
}
plain home
plain var/lib/containers
plain var/tmp

# whole and fresh: with a partly hidden proc or sysfs the kernel refuses nested containers their own
mount -t proc proc "$root/proc"
# anyone may ping: a setting of the network namespace, which systemd-sysctl (masked) would have made
echo '0 2147483647' >"$root/proc/sys/net/ipv4/ping_group_range"
mount -t sysfs sysfs "$root/sys" -o ro
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"

# device nodes of its own, not the host's, so that a chmod in a bed stays in it
mount -t tmpfs tmpfs "$root/dev" -o mode=755,nosuid
node() { mknod -m 666 "$root/dev/$1" c "$2" "$3"; }
mkdir "$root/dev/net" "$root/dev/pts" "$root/dev/shm" "$root/dev/mqueue"
node null 1 3
node zero 1 5
node full 1 7
node random 1 8
node urandom 1 9
node tty 5 0
node fuse 10 229
node net/tun 10 200
mount -t devpts devpts "$root/dev/pts" -o newinstance,ptmxmode=0666,mode=620,gid=5
ln -s pts/ptmx "$root/dev/ptmx"
mount -t tmpfs tmpfs "$root/dev/shm" -o mode=1777,nosuid,nodev
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/0 "$root/dev/stdin"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"
: >"$root/dev/console" # systemd writes to it; nobody reads it
mount -t tmpfs tmpfs "$root/run" -o mode=755,nosuid,nodev
mount -t tmpfs tmpfs "$root/tmp" -o mode=1777,nosuid,nodev

while IFS=: read -r from to option; do
  if [ -d "$from" ]; then
    mkdir -p "$root$to"
  else
    mkdir -p "$root$(dirname "$to")"
    [ -e "$root$to" ] || : >"$root$to"
  fi
  mount --bind "$from" "$root$to"
  [ "$option" != ro ] || mount -o remount,bind,ro "$root$to"
done <"$dir/mounts"

cd "$root"
pivot_root . .
umount -l .
cd /
# systemd leaves this out in a container; without it rootless podman never sees what is mounted after its first start
mount --make-rshared /
exec env -i container=bed PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin LANG=C.UTF-8 \
  /usr/lib/systemd/systemd </dev/null
