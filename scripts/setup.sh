# Sourced by ./quickstart and ./check: makes a fresh checkout ready. Does only what is missing, and says what it does.
# Afterwards $root is the checkout, and a Node that is new enough comes first in PATH.
root=$(cd "$(dirname "$0")" && pwd -P)
cd "$root"

say() { printf '==> %s\n' "$*" >&2; }
die() { printf '==> %s\n' "$*" >&2; exit 1; }

node_version=24 # what ov is developed and tested on

node_is_new_enough() {
  command -v node >/dev/null 2>&1 && [ "$(node -p 'process.versions.node.split(".")[0]')" -ge "$node_version" ]
}

# Node comes as an npm package, so that a machine with an old Node needs nothing else.
set_up_node() {
  case $(uname -m) in
    x86_64) arch=x64 ;;
    aarch64 | arm64) arch=arm64 ;;
    *) die "no Node $node_version for $(uname -m) on npm; install it yourself and run this again" ;;
  esac
  local_node=$root/.tools/node/node_modules/node-linux-$arch/bin
  if [ -x "$local_node/node" ]; then
    PATH=$local_node:$PATH
  elif [ "${1:-}" = always ] || ! node_is_new_enough; then
    command -v npm >/dev/null 2>&1 || die "npm is missing; install Node.js and npm (on Debian: apt-get install nodejs npm)"
    say "installing Node $node_version into .tools/"
    npm install --prefix "$root/.tools/node" --no-save --no-package-lock --ignore-scripts --no-audit --no-fund \
      --loglevel=error "node-linux-$arch@$node_version" >&2
    PATH=$local_node:$PATH
  fi
  export PATH
}

# Packages are installed once per lock file, without running any of their scripts.
set_up_packages() {
  stamp=$(cksum <package-lock.json)
  if [ "$(cat node_modules/.set-up 2>/dev/null)" != "$stamp" ]; then
    say "installing packages"
    # Not "npm ci": registries that lack the binaries of other platforms make it refuse a good lock file.
    npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error >&2
    printf '%s\n' "$stamp" >node_modules/.set-up
  fi
}

set_up_build() {
  if [ ! -f dist/cli.js ] || [ -n "$(find dsl src scripts package.json -newer dist/cli.js -print -quit)" ]; then
    say "building"
    node scripts/build.mjs
  fi
}

# Programs that read what ov writes; the tests ask them. program:Debian package
set_up_readers() {
  missing=
  for entry in python3:python3 systemd-analyze:systemd zsh:zsh fish:fish \
    dbus-daemon:dbus-daemon gnome-keyring-daemon:gnome-keyring secret-tool:libsecret-tools \
    keepassxc-cli:keepassxc keyctl:keyutils gpg:gnupg; do
    command -v "${entry%%:*}" >/dev/null 2>&1 || missing="$missing ${entry##*:}"
  done
  [ -n "$missing" ] || return 0
  command -v apt-get >/dev/null 2>&1 || die "the tests need these packages:$missing"
  say "installing what the tests read files with:$missing"
  # shellcheck disable=SC2086 # one word per package
  { apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 \
    install --no-install-recommends $missing; } >&2 || die "apt-get failed"
}

set_up() {
  set_up_node "$@"
  set_up_packages
  set_up_build
}
