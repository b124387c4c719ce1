/**
 * Functions that scripts for machines begin with. Everything is read before anything runs, so that half a script does nothing; words for ov go
 * to descriptor 3, what programs print goes to the others.
 */
export const PRELUDE = String.raw`
set -eu
umask 022
# The folder of a file, with those above it.
folder() { [ -d "$1" ] || mkdir -p -- "$1"; }
# put PATH MODE OWNER: what comes in becomes the file, in one step.
put() {
  folder "$(dirname -- "$1")"
  part=$(mktemp "$(dirname -- "$1")/.ov-XXXXXXXX")
  cat >"$part"
  chmod -- "$2" "$part"
  [ -z "$3" ] || chown -- "$3" "$part"
  mv -fT -- "$part" "$1"
}
# put_link TARGET PATH OWNER
put_link() {
  folder "$(dirname -- "$2")"
  ln -sfn -- "$1" "$2"
  [ -z "$3" ] || chown -h -- "$3" "$2"
}
# put_folder PATH MODE OWNER: one that is there keeps its owner.
put_folder() {
  if [ ! -d "$1" ]; then
    mkdir -p -- "$1"
    [ -z "$3" ] || chown -- "$3" "$1"
  fi
  [ -z "$2" ] || chmod -- "$2" "$1"
}
# compare FETCHED PLACE: what of a folder goes where, and whether something is there.
compare() {
  local entry place
  for entry in "$1"/* "$1"/.[!.]*; do
    [ -e "$entry" ] || [ -L "$entry" ] || continue
    place=$(printf %s "$2" | sed "s:/*\$::")/$(basename -- "$entry")
    if [ -d "$entry" ] && [ ! -L "$entry" ] && [ -d "$place" ]; then compare "$entry" "$place"
    elif [ -e "$place" ] || [ -L "$place" ]; then printf 'old\0%s\0%s\0' "$entry" "$place"
    elif [ -d "$entry" ] && [ ! -L "$entry" ]; then printf 'folder\0%s\0%s\0' "$entry" "$place"
    else printf 'new\0%s\0%s\0' "$entry" "$place"
    fi
  done
}
# place FETCHED PATH: a file, a link or a whole folder.
place() {
  folder "$(dirname -- "$2")"
  rm -rf -- "$2.ov-part"
  cp -a -- "$1" "$2.ov-part"
  mv -fT -- "$2.ov-part" "$2"
}
# keep PATH BACKUP: as it was before ov changed it, once.
keep() {
  [ ! -e "$2" ] && [ ! -L "$2" ] || return 0
  (umask 077 && mkdir -p -- "$(dirname -- "$2")")
  cp -a -- "$1" "$2.part"
  mv -fT -- "$2.part" "$2"
}
`
