# shellcheck shell=bash
# One bridge with NAT for all beds of the host, and per bed a number N: address .N, network namespace, veth and cgroup
# ovbed-N. The kernel's own objects are the register (a number is taken while its veth exists), so beds of several
# checkouts and cache directories share the bridge without knowing of each other.

SUBNET=${OV_BED_SUBNET:-10.213.77} # /24; the host is .1
BRIDGE=ovbed0
NFT_TABLE=ov_bed

with_net_lock() ( # CMD... ; the lock is held by the subshell alone
  exec 7>/run/ov-bed.lock
  flock 7
  "$@"
)

uplink_mtu() {
  local device
  device=$(ip -4 route show default | sed -n 's/.* dev \([^ ]*\).*/\1/p' | head -1)
  cat "/sys/class/net/${device:-lo}/mtu" 2>/dev/null || echo 1400
}

ensure_bridge() {
  if [ ! -e "/sys/class/net/$BRIDGE" ]; then
    [ -z "$(ip -4 route show exact "$SUBNET.0/24")" ] || die "$SUBNET.0/24 is in use on this host: set OV_BED_SUBNET"
    ip link add "$BRIDGE" type bridge
    ip addr add "$SUBNET.1/24" dev "$BRIDGE"
    ip link set "$BRIDGE" mtu 65535 up
  fi
  ip -4 -o addr show dev "$BRIDGE" | grep -qF " $SUBNET.1/24 " || die "$BRIDGE has another address than $SUBNET.1"
  [ "$(cat /proc/sys/net/ipv4/ip_forward)" = 1 ] || echo 1 >/proc/sys/net/ipv4/ip_forward
  nft list table ip $NFT_TABLE >/dev/null 2>&1 || nft -f - <<END
table ip $NFT_TABLE {
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr $SUBNET.0/24 ip daddr != $SUBNET.0/24 masquerade
  }
}
END
}

net_attach() { # BEDDIR : choose a number, note it in BEDDIR/number, make the cgroup and the network
  local dir=$1 n link
  ensure_bridge
  for n in $(seq 11 250); do
    link=ovbed-$n
    [ -e "/sys/class/net/$link" ] || [ -e "/run/netns/$link" ] || [ -e "$(cgroup2_root)/$link" ] || break
  done
  [ "$n" != 250 ] || die "no free number for another bed"
  echo "$n" >"$dir/number" # before anything is made, so that what is made can always be found
  mkdir "$(cgroup2_root)/$link"
  ip netns add "$link"
  # MTU 65535 inwards, the uplink's on the default route outwards: some uplinks hand up TCP segments that were merged
  # beyond their MTU and not marked for splitting; forwarding drops those unless every hop takes them, and then a
  # connection is made but no data arrives
  ip link add "$link" mtu 65535 type veth peer name eth0 mtu 65535 netns "$link"
  ip link set "$link" alias "$dir" # whose it is, for sweep_net
  ip link set "$link" master "$BRIDGE" up
  ip -n "$link" link set lo up
  ip -n "$link" addr add "$SUBNET.$n/24" dev eth0
  ip -n "$link" link set eth0 up
  ip -n "$link" route add default via "$SUBNET.1" mtu "$(uplink_mtu)"
}

net_owned() { # NUMBER BEDDIR : no other bed has this number (one may, if ours was given up before its veth was made)
  local owner
  owner=$(cat "/sys/class/net/ovbed-$1/ifalias" 2>/dev/null) || return 0
  [ -z "$owner" ] || [ "$owner" = "$2" ]
}

net_detach() { # NUMBER : and the bridge and the table, if this was the last bed
  ip link del "ovbed-$1" 2>/dev/null || true
  ip netns del "ovbed-$1" 2>/dev/null || true
  if [ -e "/sys/class/net/$BRIDGE" ] && [ -z "$(ls "/sys/class/net/$BRIDGE/brif")" ]; then
    nft delete table ip $NFT_TABLE 2>/dev/null || true
    ip link del "$BRIDGE"
  fi
}

sweep_net() { # what is left of beds whose directory has gone
  local path n owner
  for path in /sys/class/net/ovbed-*; do
    [ -e "$path" ] || continue
    n=${path##*/ovbed-}
    owner=$(cat "$path/ifalias")
    [ "$(cat "$owner/number" 2>/dev/null)" = "$n" ] && continue
    say "sweeping what is left of $owner"
    cgroup_remove "$n"
    net_detach "$n"
  done
}
