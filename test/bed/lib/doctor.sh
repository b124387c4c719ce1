# shellcheck shell=bash
# Can this machine run beds? Every problem is one line that says what to do.

# tool:Debian package
HOST_TOOLS=(debootstrap:debootstrap nft:nftables ip:iproute2 ssh:openssh-client ssh-keygen:openssh-client
  unshare:util-linux nsenter:util-linux setsid:util-linux flock:util-linux mount:mount pivot_root:util-linux)

missing_packages() { # the packages of the missing tools, each once
  local entry
  for entry in "${HOST_TOOLS[@]}"; do
    command -v "${entry%%:*}" >/dev/null || echo "${entry##*:}"
  done | sort -u
}

cgroup2_root() { awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts; }

doctor_problems() { # one problem per line; no line: all is well
  if [ "$(id -u)" != 0 ]; then
    echo "not root: run it as root (it makes namespaces, a bridge and overlay mounts)"
  fi

  local entry missing=()
  for entry in "${HOST_TOOLS[@]}"; do
    command -v "${entry%%:*}" >/dev/null || missing+=("${entry%%:*}")
  done
  if [ ${#missing[@]} -gt 0 ]; then
    echo "missing tools: ${missing[*]} (on Debian: apt-get install --no-install-recommends $(missing_packages | xargs))"
  fi
  # without this file debootstrap goes on, but checks no signature
  if [ ! -e /usr/share/keyrings/debian-archive-keyring.gpg ]; then
    echo "no Debian archive keys (on Debian: apt-get install debian-archive-keyring)"
  fi

  if [ -z "$(cgroup2_root)" ]; then
    echo "no cgroup v2 mount: mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified (or boot with the unified hierarchy)"
  fi
  [ -e /dev/fuse ] || grep -qw fuse /proc/filesystems || echo "no FUSE in the kernel: modprobe fuse"
  [ -e /dev/net/tun ] || grep -qw tun /proc/misc ||
    echo "no tun device in the kernel (rootless networks need it): modprobe tun"
  if [ "$(cat /proc/sys/user/max_user_namespaces 2>/dev/null)" = 0 ] ||
    [ "$(cat /proc/sys/kernel/unprivileged_userns_clone 2>/dev/null || echo 1)" = 0 ] ||
    [ "$(cat /proc/sys/kernel/apparmor_restrict_unprivileged_userns 2>/dev/null || echo 0)" = 1 ]; then
    echo "user namespaces are off for ordinary users (rootless podman needs them): see sysctl -a | grep userns"
  fi

  [ "$(id -u)" = 0 ] && command -v unshare >/dev/null || return 0
  case $BED_HOME in
    *[:,\\\"\ ]*)
      echo "$BED_HOME: this path cannot be used in overlay mount options; set OV_BED_HOME to a plain one"
      return 0
      ;;
  esac
  local out
  if ! out=$(unshare -m -p -C -i -u -n --fork --kill-child true 2>&1); then
    echo "namespaces are denied (${out##*unshare: }): run it where CAP_SYS_ADMIN is not filtered," \
      "not in a plain container"
    return 0
  fi
  # a real mount, because the overlay module may be absent and BED_HOME may itself be on an overlay
  mkdir -p "$BED_HOME"
  # shellcheck disable=SC2016 # expanded by the inner shell
  if ! out=$(unshare -m bash -c 'd=$(mktemp -d -p "$1") || exit
    mkdir "$d/lower" "$d/upper" "$d/work" "$d/root"
    mount -t overlay overlay -o "lowerdir=$d/lower,upperdir=$d/upper,workdir=$d/work" "$d/root" &&
      umount "$d/root"; rc=$?
    rm -rf --one-file-system "$d"; exit $rc' bash "$BED_HOME" 2>&1); then
    echo "no overlay mount in $BED_HOME ($(head -1 <<<"$out")): modprobe overlay," \
      "or set OV_BED_HOME to a directory on a plain disk"
  fi
}

cmd_doctor() {
  local problems
  problems=$(doctor_problems)
  if [ -n "$problems" ]; then
    while IFS= read -r line; do say "$line"; done <<<"$problems"
    return 1
  fi
  say "this machine can run beds"
}

require_host() { # what build and up call: quiet when all is well; on Debian the missing tools are installed
  local packages
  packages=$(missing_packages)
  if [ -n "$packages" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "installing missing tools:" "$packages"
    # shellcheck disable=SC2086 # one word per package
    { apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 \
      install --no-install-recommends $packages; } >&2 || die "apt-get failed"
  fi
  local problems
  problems=$(doctor_problems)
  [ -z "$problems" ] || { cmd_doctor || exit 1; }
}
