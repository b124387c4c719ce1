# shellcheck shell=bash
# Starting, entering and ending beds. BEDS/NAME holds: name, number, layers, mounts, pid; upper, work, root (overlay),
# plain (directories bound over it); host_key, known_hosts, ssh_config; boot.log. The directory itself is the lock.

check_name() {
  [[ ${1:-} =~ ^[a-z][a-z0-9-]{0,39}$ ]] || die "a bed's name is a-z, 0-9 and -, up to 40 characters: '${1:-}'"
}

lock_bed() { # NAME : waits for another up or down of it; fails if there is no such bed
  local dir=$BEDS/$1
  while [ -d "$dir" ]; do
    { exec 9<"$dir"; } 2>/dev/null || continue
    flock 9
    [ "$dir" -ef /proc/self/fd/9 ] && return # else it was taken away while we waited
  done
  return 1
}
unlock_bed() { exec 9<&-; }

bed_number() { cat "$BEDS/$1/number" 2>/dev/null; }
bed_cgroup() { echo "$(cgroup2_root)/ovbed-$1"; } # NUMBER
bed_pid() {                                       # NAME : its PID 1 as the host sees it; fails if it does not run
  local pid n
  pid=$(cat "$BEDS/$1/pid" 2>/dev/null) && n=$(bed_number "$1") || return 1
  # the number may be used again: it must be a PID 1, and in this bed's cgroup
  grep -qs '^NSpid:.*[[:space:]]1$' "/proc/$pid/status" &&
    grep -Eqs "^0::.*/ovbed-$n(/|\$)" "/proc/$pid/cgroup" && echo "$pid"
}

# --- up ---------------------------------------------------------------------------------------------------------------

cmd_up() {
  local name=${1:-} dir mount mounts=() start=${EPOCHREALTIME/./}
  check_name "$name"
  shift
  while [ $# -gt 0 ]; do
    case $1 in
      --mount)
        mount=$(checked_mount "${2:-}")
        mounts+=("$mount")
        shift 2
        ;;
      *) die "up: unknown option $1" ;;
    esac
  done
  cmd_build
  dir=$BEDS/$name
  mkdir -p "$dir"
  until lock_bed "$name"; do mkdir -p "$dir"; done
  if bed_pid "$name" >/dev/null; then
    say "$name: already up"
    return
  fi
  # a half-started bed is worth nothing: whatever ends this command early also removes it
  # shellcheck disable=SC2064 # now: the trap runs where the variable is no more
  trap "give_up $name" EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  clean_bed "$name" # of a bed that was killed
  claim_layers "$dir"
  with_net_lock net_attach "$dir"
  prepare_bed "$name" "${mounts[@]}"
  launch "$name"
  wait_ready "$name"
  trap - EXIT INT TERM
  say "$name: up in $(((${EPOCHREALTIME/./} - start) / 1000)) ms ($(cmd_ip "$name"))"
}

checked_mount() { # HOST:DIR[:ro]
  local from to option rest
  IFS=: read -r from to option rest <<<"$1"
  [ -e "$from" ] || die "mount: no such file or directory: '$from'"
  [[ $to == /* && ($option == '' || $option == ro) && $rest == '' ]] || die "mount: expected HOST:DIR[:ro], not '$1'"
  echo "$(realpath "$from"):$to:$option"
}

prepare_bed() { # NAME MOUNT...
  local name=$1 dir=$BEDS/$1 ip
  ip=$(cmd_ip "$name")
  mkdir -p "$dir"/{upper,work,root,plain}
  echo "$name" >"$dir/name"
  shift
  : >"$dir/mounts"
  [ $# = 0 ] || printf '%s\n' "$@" >"$dir/mounts"
  printf '127.0.0.1 localhost\n::1 localhost\n%s %s\n%s bedhost\n' "$ip" "$name" "$SUBNET.1" >"$dir/hosts"
  resolv_conf >"$dir/resolv.conf"
  ssh-keygen -q -t ed25519 -N '' -C "$name" -f "$dir/host_key"
  echo "$name $(cut -d' ' -f1,2 "$dir/host_key.pub")" >"$dir/known_hosts"
  cat >"$dir/ssh_config" <<END
Host $name
  HostName $ip
  HostKeyAlias $name
  User $BED_USER
  IdentityFile $BED_HOME/ssh/id_ed25519
  IdentitiesOnly yes
  UserKnownHostsFile $dir/known_hosts
  StrictHostKeyChecking yes
END
}

launch() { # NAME : start PID 1 and note its pid
  local name=$1 dir=$BEDS/$1 n cgroup launcher pid=
  n=$(bed_number "$name")
  # a cgroup of its own, entered before the cgroup namespace is made: that makes it the bed's root. Otherwise all beds
  # would share one system.slice.
  cgroup=$(bed_cgroup "$n")
  # shellcheck disable=SC2016 # expanded by the inner shell
  setsid bash -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' bash "$cgroup" \
    nsenter --net="/run/netns/ovbed-$n" \
    unshare -m -p -C -i -u --fork --kill-child=KILL bash "$LIB/init.sh" "$dir" \
    </dev/null >"$dir/boot.log" 2>&1 8>&- 9>&- &
  launcher=$!
  while :; do
    [ -d "/proc/$launcher" ] || die "$name: did not start"
    pid=$({ tr -d ' ' <"/proc/$launcher/task/$launcher/children"; } 2>/dev/null) || true
    [ -n "$pid" ] && [[ $(readlink "/proc/$pid/exe") == */systemd ]] && break
    sleep 0.01
  done
  echo "$pid" >"$dir/pid"
  # the launcher itself leaves again: a cgroup with processes of its own cannot hand controllers to those below it, and
  # the one who reaps PID 1 must not be killed along with it
  echo "$launcher" >"$(cgroup2_root)/cgroup.procs"
}

wait_ready() { # NAME [UNIT] : until the system and the user's manager have started, or a unit of the latter
  local name=$1 unit=${2:-} deadline=$((SECONDS + 60)) pid state=
  pid=$(bed_pid "$name") || die "$name: no PID 1"
  until [ -S "/proc/$pid/root/run/systemd/private" ]; do still_starting; done
  until started root systemctl; do still_starting; done
  until [ -S "/proc/$pid/root/run/user/$BED_UID/bus" ]; do still_starting; done
  if [ -n "$unit" ]; then
    # a unit that waits for its user keeps the manager "starting"
    until (cmd_exec "$name" -u "$BED_USER" -- systemctl --user -q is-active "$unit") </dev/null 2>/dev/null 9>&-; do
      still_starting
      sleep 0.2
    done
  else
    until started "$BED_USER" systemctl --user; do still_starting; done
  fi
}
still_starting() { # of wait_ready
  [ -d "/proc/$pid" ] || die "$name: PID 1 ended"
  [ "$SECONDS" -lt "$deadline" ] || die "$name: not ready after 60 s ($state)"
  sleep 0.02
}
started() { # USER SYSTEMCTL... ; of wait_ready
  local get_state=("${@:2}" is-system-running --wait)
  state=$( (cmd_exec "$name" -u "$1" -- timeout 30 "${get_state[@]}") </dev/null 2>/dev/null 9>&-) || true
  [[ $state == running || $state == degraded ]]
}

give_up() { # NAME
  trap '' INT TERM
  tail -20 "$BEDS/$1/boot.log" >&2 2>/dev/null || true
  clean_bed "$1"
  rm -rf --one-file-system "${BEDS:?}/$1"
}

# --- reboot -----------------------------------------------------------------------------------------------------------

cmd_reboot() { # NAME : as a machine does: units are stopped, /run is empty afterwards, and nobody has logged in
  local name=${1:-} pid n deadline=$((SECONDS + 120)) start=${EPOCHREALTIME/./}
  check_name "$name"
  lock_bed "$name" || die "$name: no such bed"
  pid=$(bed_pid "$name") || die "$name: not up"
  n=$(bed_number "$name")
  (cmd_exec "$name" -- systemctl --no-block poweroff) </dev/null 9>&-
  while [ -d "/proc/$pid" ]; do
    [ "$SECONDS" -lt "$deadline" ] || die "$name: still up after 120 s"
    sleep 0.02
  done
  # a cgroup that has handed controllers on takes no process any more
  cgroup_remove "$n"
  mkdir "$(bed_cgroup "$n")"
  launch "$name"
  wait_ready "$name" basic.target
  say "$name: up again in $(((${EPOCHREALTIME/./} - start) / 1000)) ms"
}

# --- into a bed -------------------------------------------------------------------------------------------------------

cmd_exec() {
  local name=${1:-} user=root dir='' env=() pid n cgroup uid gid home shell
  shift || true
  while [ $# -gt 0 ]; do
    case $1 in
      -u) user=${2:-} ;;
      -e) env+=("${2:-}") ;;
      -C) dir=${2:-} ;;
      --)
        shift
        break
        ;;
      *) break ;;
    esac
    shift 2 || die "exec: $1 needs a value"
  done
  [ $# -gt 0 ] || die "exec: no command"
  pid=$(bed_pid "$name") || die "$name: not up"
  n=$(bed_number "$name")
  IFS=: read -r _ _ uid gid _ home shell < <(grep "^$user:" "/proc/$pid/root/etc/passwd") ||
    die "$name: no user $user"

  # Into a cgroup of the bed; for a user with a manager, into its slice. Only from there may the user's manager
  # (systemd-run --scope, podman's systemd cgroups) move the process on; from the host's cgroup nothing could.
  cgroup=$(bed_cgroup "$n")
  if [ -d "$cgroup/user.slice/user-$uid.slice" ]; then
    cgroup=$cgroup/user.slice/user-$uid.slice/bed-exec.scope
  else
    cgroup=$cgroup/bed-exec
  fi
  mkdir -p "$cgroup"
  echo "$BASHPID" >"$cgroup/cgroup.procs"

  local login=(HOME="$home" USER="$user" LOGNAME="$user" SHELL="$shell" LANG=C.UTF-8 TERM="${TERM:-dumb}"
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
  [ ! -d "/proc/$pid/root/run/user/$uid" ] ||
    login+=(XDG_RUNTIME_DIR="/run/user/$uid" DBUS_SESSION_BUS_ADDRESS="unix:path=/run/user/$uid/bus")
  # A login makes a keyring of its own that has the user's (pam_keyinit); without, the one of whoever started us counts.
  # shellcheck disable=SC2016
  local keyring='exec 9>&2 2>/dev/null; exec keyctl session - sh -c '\''keyctl link @u @s >&2; exec 2>&9 9>&- "$@"'\'' login "$@"'
  # nsenter has to fork to get into the pid namespace; pdeathsig makes killing it kill the command too
  exec nsenter -t "$pid" -m -p -C -i -u -n --root="/proc/$pid/root" --wd="/proc/$pid/root" \
    setpriv --reuid "$uid" --regid "$gid" --init-groups --pdeathsig KILL -- \
    env -i PATH=/usr/bin:/bin sh -c "$keyring" login \
    /usr/bin/env -i -C "${dir:-$home}" "${login[@]}" "${env[@]}" "$@"
}

cmd_ssh() {
  local name=${1:-}
  bed_pid "$name" >/dev/null || die "$name: not up"
  shift
  exec ssh -F "$BEDS/$name/ssh_config" "$name" "$@"
}

# --- down -------------------------------------------------------------------------------------------------------------

cgroup_remove() { # NUMBER : with whatever still runs in it
  local cgroup i
  cgroup=$(bed_cgroup "$1")
  for i in $(seq 250); do
    [ -d "$cgroup" ] || return 0
    [ "$i" != 1 ] || { echo 1 >"$cgroup/cgroup.kill"; } 2>/dev/null || true
    find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null || true
    [ ! -d "$cgroup" ] || sleep 0.02
  done
  say "could not remove $cgroup"
}

clean_bed() { # NAME : end it and remove all that is outside its directory, and all that is in it; needs the lock
  local name=$1 dir=$BEDS/$1 pid n
  if pid=$(bed_pid "$name"); then
    kill -KILL "$pid" 2>/dev/null || true # the kernel ends everything in the pid namespace
    while [ -d "/proc/$pid" ]; do sleep 0.01; done
  fi
  if n=$(bed_number "$name") && net_owned "$n" "$dir"; then
    cgroup_remove "$n"
    with_net_lock net_detach "$n"
  fi
  find "$dir" -xdev -mindepth 1 -delete
}

cmd_down() {
  [ "$(id -u)" = 0 ] || die "not root"
  if [ "${1:-}" = --all ]; then
    local dir
    for dir in "$BEDS"/*/; do
      [ ! -d "$dir" ] || (down_one "$(basename "$dir")")
    done
    with_net_lock sweep_net
  else
    check_name "${1:-}"
    down_one "$1"
  fi
}
down_one() { # NAME
  lock_bed "$1" || {
    say "$1: no such bed"
    return 0
  }
  clean_bed "$1"
  rmdir "$BEDS/$1"
  unlock_bed
  say "$1: down"
}

# --- looking ----------------------------------------------------------------------------------------------------------

cmd_ip() {
  local n
  n=$(bed_number "${1:-}") || die "${1:-}: no such bed"
  echo "$SUBNET.$n"
}
cmd_pid() { bed_pid "${1:-}" || die "${1:-}: not up"; }
cmd_ls() {
  local dir name pid
  for dir in "$BEDS"/*/; do
    [ -d "$dir" ] || continue
    name=$(basename "$dir")
    pid=$(bed_pid "$name") || pid=-
    printf '%-30s %-15s %s\n' "$name" "$SUBNET.$(bed_number "$name" || echo -)" "$pid"
  done
}
