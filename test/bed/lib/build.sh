# shellcheck shell=bash
# The tree beds start from: two read-only layers below each bed's own one.
#   packages-STAMP   debootstrap and apt-get (a minute)
#   config-STAMP     what lib/configure.sh changes (a second), so that changing a setting costs no packages
# A layer is made under another name and renamed, so one that exists is whole. Layers are never changed afterwards:
# a running bed keeps the ones it started with.

SUITE=${OV_BED_SUITE:-trixie}
PACKAGES="systemd systemd-sysv libpam-systemd dbus dbus-user-session dbus-bin
  podman crun passt uidmap netavark aardvark-dns nftables catatonit golang-github-containers-common fuse3
  openssh-server openssh-client sudo curl ca-certificates iproute2 iputils-ping procps
  less jq zstd xz-utils file acl attr git mmdebstrap rsync
  gocryptfs keyutils gnome-keyring libsecret-tools
  ${OV_BED_PACKAGES_EXTRA:-}"

# --- where the packages come from: the host's own archive -------------------------------------------------------------

apt_sources() { # "URI SUITE COMPONENTS..." for each archive the host's apt uses, both file formats
  local dir=${OV_BED_APT_DIR:-/etc/apt} file
  for file in "$dir"/sources.list.d/*.sources; do
    [ -e "$file" ] && { cat "$file" && echo; }
  done | awk '
    function flush(  i, j, u, s) {
      if (f["types"] ~ /(^| )deb( |$)/ && tolower(f["enabled"]) !~ /no|false|0/)
        for (i = split(f["uris"], u, " "); i > 0; i--) for (j = split(f["suites"], s, " "); j > 0; j--)
          print u[i], s[j], f["components"]
      delete f; key = ""
    }
    /^#/ { next }
    /^[ \t]*$/ { flush(); next }
    /^[ \t]/ { f[key] = f[key] " " $0; next }
    {
      key = tolower($0); sub(/:.*/, "", key)
      value = $0; sub(/^[^:]*:[ \t]*/, "", value)
      f[key] = value
    }
    END { flush() }'
  for file in "$dir"/sources.list "$dir"/sources.list.d/*.list; do
    [ -e "$file" ] && { cat "$file" && echo; }
  done | sed -nE 's/^deb[[:space:]]+(\[[^]]*\][[:space:]]+)?//p'
}

archive_of() { # main|security : the host's address of that archive, or nothing
  local codename suite uri
  codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release 2>/dev/null)
  suite="($codename|stable|testing|sid)"
  [ "$1" = security ] && suite="$suite(-security|/updates)"
  # other archives may use the same suite and component names; one whose address ends in "debian" goes first
  uri=$(apt_sources | awk -v suite="^$suite\$" -v tail="/debian(-security)?/?\$" '
    $2 ~ suite && / main( |$)/ { print ($1 ~ tail ? 1 : 2), $1 }' | sort -s -k1,1 | sed -n '1s/^. //p')
  case $uri in # debootstrap does not know lists of mirrors
    mirror+file:*) uri=$(awk '!/^#/ && NF { print $1; exit }' "/${uri#mirror+file:*/}") ;;
  esac
  echo "$uri"
}

find_archives() {
  MAIN_ARCHIVE=${OV_BED_MIRROR:-$(archive_of main)}
  SECURITY_ARCHIVE=${OV_BED_SECURITY_MIRROR:-$(archive_of security)}
  [ -n "$MAIN_ARCHIVE" ] || die "no Debian archive in /etc/apt: set OV_BED_MIRROR (and OV_BED_SECURITY_MIRROR)"
  # how the host reaches it: proxies, and a frozen archive whose dates have passed
  APT_ACQUIRE=$(apt-config dump Acquire::http::Proxy Acquire::https::Proxy Acquire::Check-Valid-Until 2>/dev/null) || true
}

# --- stamps -----------------------------------------------------------------------------------------------------------

stamp() { sha256sum | cut -c1-16; }

find_layers() { # sets PACKAGES_LAYER and CONFIG_LAYER: where the layers for the present settings are, or will be
  find_archives
  local packages
  # shellcheck disable=SC2086 # white space does not count
  packages=$({ echo "$SUITE" $PACKAGES && declare -f install_packages in_chroot; } | stamp)
  PACKAGES_LAYER=$TREES/packages-$packages
  CONFIG_LAYER=$TREES/config-$({
    echo "$packages" "$MAIN_ARCHIVE" "$SECURITY_ARCHIVE" "$APT_ACQUIRE"
    cat "$LIB/configure.sh"
    cat "$BED_HOME/ssh/id_ed25519.pub" 2>/dev/null || true
  } | stamp)
}
layers_ready() { [ -d "$PACKAGES_LAYER" ] && [ -d "$CONFIG_LAYER" ]; }

# --- building ---------------------------------------------------------------------------------------------------------

in_chroot() { # ROOT CMD... : chroot with mounts of its own, which go when the command ends, however it ends
  # shellcheck disable=SC2016 # expanded by the inner shell
  unshare -m -p --fork --kill-child bash -c '
    set -e; root=$1; debs=$2; shift 2
    mount -t proc proc "$root/proc"
    mount -t tmpfs tmpfs "$root/dev" -o mode=755
    mknod -m 666 "$root/dev/null" c 1 3; mknod -m 666 "$root/dev/zero" c 1 5; mknod -m 666 "$root/dev/full" c 1 7
    mknod -m 666 "$root/dev/random" c 1 8; mknod -m 666 "$root/dev/urandom" c 1 9; ln -s /proc/self/fd "$root/dev/fd"
    mkdir "$root/dev/pts" "$root/dev/shm"
    mount -t devpts devpts "$root/dev/pts" -o newinstance,ptmxmode=0666; ln -s pts/ptmx "$root/dev/ptmx"
    mount -t tmpfs tmpfs "$root/tmp"
    mkdir -p "$root/var/cache/apt/archives"; mount --bind "$debs" "$root/var/cache/apt/archives"
    exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
      DEBIAN_FRONTEND=noninteractive "$@"
  ' bash "$1" "$BED_HOME/debs" "${@:2}"
}

write_sources() { # ROOT
  local root=$1
  rm -f "$root/etc/apt/sources.list"
  {
    printf 'Types: deb\nURIs: %s\nSuites: %s %s-updates\nComponents: main\n' "$MAIN_ARCHIVE" "$SUITE" "$SUITE"
    printf 'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n'
    if [ -n "$SECURITY_ARCHIVE" ]; then
      printf '\nTypes: deb\nURIs: %s\nSuites: %s-security\nComponents: main\n' "$SECURITY_ARCHIVE" "$SUITE"
      printf 'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n'
    fi
  } >"$root/etc/apt/sources.list.d/debian.sources"
  {
    printf '%s\n' "$APT_ACQUIRE" 'APT::Install-Recommends "false";' 'Acquire::Languages "none";' \
      'Acquire::Retries "3";'
  } >"$root/etc/apt/apt.conf.d/90bed"
}

resolv_conf() { # the host's name servers, as seen from outside the host
  if grep -q '^nameserver 127\.' /etc/resolv.conf && [ -e /run/systemd/resolve/resolv.conf ]; then
    cat /run/systemd/resolve/resolv.conf
  else
    cat /etc/resolv.conf
  fi
}

install_packages() { # ROOT : all of Debian that a bed has
  local root=$1 proxy=
  eval "$(apt-config shell proxy Acquire::http::Proxy 2>/dev/null || true)"
  http_proxy=${http_proxy:-$proxy} debootstrap --variant=minbase --include=ca-certificates \
    --cache-dir="$BED_HOME/debs" "$SUITE" "$root" "$MAIN_ARCHIVE"
  # no documentation, and no fsync per file: the tree is rebuilt, never repaired
  printf '%s\n' 'path-exclude=/usr/share/doc/*' 'path-include=/usr/share/doc/*/copyright' \
    'path-exclude=/usr/share/man/*' 'path-exclude=/usr/share/locale/*' 'path-exclude=/usr/share/info/*' \
    force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/bed"
  rm -rf "$root"/usr/share/{doc,man,locale,info}/* "$root"/var/cache/apt/archives/*.deb
  write_sources "$root"
  resolv_conf >"$root/etc/resolv.conf"
  # packages must not start their services in the chroot
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
  chmod +x "$root/usr/sbin/policy-rc.d"
  in_chroot "$root" apt-get -q update
  # shellcheck disable=SC2086 # one word per package
  in_chroot "$root" apt-get -q -y -o APT::Sandbox::User=root -o APT::Keep-Downloaded-Packages=true \
    install --no-install-recommends $PACKAGES
  rm -rf "$root/usr/sbin/policy-rc.d" "$root"/var/lib/apt/lists/*
}

build_packages() {
  local new=$PACKAGES_LAYER.new log=$BED_HOME/build.log start=$SECONDS
  say "building the Debian tree ($SUITE, $MAIN_ARCHIVE), log: $log"
  mkdir -p "$BED_HOME/debs/partial"
  # a function under "||" would run on after a failing command; as a job of its own it stops there
  (set -e; install_packages "$new") </dev/null >"$log" 2>&1 &
  wait $! || {
    tail -20 "$log" >&2
    die "building the tree failed (log: $log)"
  }
  mv "$new" "$PACKAGES_LAYER"
  say "the tree took $((SECONDS - start)) s, $(du -sh "$PACKAGES_LAYER" | cut -f1)"
}

build_config() { # the configuration is applied to an overlay of the packages; its upper directory becomes the layer
  local new=$CONFIG_LAYER.new
  mkdir -p "$new/upper" "$new/work" "$new/root"
  mkdir -p "$new/upper/etc/apt/sources.list.d" "$new/upper/etc/apt/apt.conf.d"
  write_sources "$new/upper"
  # shellcheck disable=SC2016 # expanded by the inner shell
  unshare -m bash -c '
    mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root" &&
      exec bash "$3" "$2/root" "${@:4}"
  ' bash "$PACKAGES_LAYER" "$new" "$LIB/configure.sh" "$BED_USER" "$BED_UID" "$BED_HOME/ssh/id_ed25519.pub" ||
    die "configuring the tree failed"
  mv "$new/upper" "$CONFIG_LAYER"
  rm -rf "$new"
}

sweep_layers() { # layers that no bed runs on and that were not used for two days
  local layer
  for layer in "$TREES"/*; do
    case $layer in *.used | *.new | "$PACKAGES_LAYER" | "$CONFIG_LAYER") continue ;; esac
    [ -n "$(find "$layer.used" -mtime -2 2>/dev/null)" ] && continue
    grep -qsF "$layer" "$BEDS"/*/layers && continue
    rm -rf "$layer" "$layer.used"
  done
}

cmd_build() {
  require_host
  mkdir -p "$TREES" "$BEDS"
  find_layers
  layers_ready && return
  exec 8>"$BED_HOME/build.lock"
  flock 8
  if [ ! -s "$BED_HOME/ssh/id_ed25519" ]; then
    mkdir -p "$BED_HOME/ssh"
    chmod 700 "$BED_HOME/ssh"
    rm -f "$BED_HOME"/ssh/*
    ssh-keygen -q -t ed25519 -N '' -C bed -f "$BED_HOME/ssh/new"
    mv "$BED_HOME/ssh/new.pub" "$BED_HOME/ssh/id_ed25519.pub"
    mv "$BED_HOME/ssh/new" "$BED_HOME/ssh/id_ed25519"
  fi
  find_layers # the key is part of the stamp
  rm -rf "$TREES"/*.new # of an interrupted build: nobody else builds while the lock is held
  if ! layers_ready; then # another build may have made them while we waited
    [ -d "$PACKAGES_LAYER" ] || build_packages
    [ -d "$CONFIG_LAYER" ] || build_config
    touch "$PACKAGES_LAYER.used" "$CONFIG_LAYER.used"
    sweep_layers
    say "ready"
  fi
  exec 8>&-
}

claim_layers() { # BEDDIR : builds if needed, and notes in BEDDIR/layers what the bed runs on, so that no sweep takes it
  local dir=$1
  while :; do
    cmd_build
    exec 8>>"$BED_HOME/build.lock"
    flock -s 8
    layers_ready && break
    exec 8>&-
  done
  echo "$CONFIG_LAYER:$PACKAGES_LAYER" >"$dir/layers"
  touch "$PACKAGES_LAYER.used" "$CONFIG_LAYER.used"
  exec 8>&-
}
