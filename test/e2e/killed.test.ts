/** Kills ov at every program that it runs, once before the program does anything and once after it; then runs the same command again. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startMachine, type TestMachine, type TestProject } from './machine.ts'

const images = (text: string) => `import { image, layer, service, write } from 'ov'
import { stock } from './stock.ts'

const page = layer({
  name: 'page',
  version: '2026.320.1200',
  ports: [8080],
  volumes: { data: '~/data' },
  envProvides: { PAGE_URL: 'http://{{.ContainerName}}:8080/' },
  secrets: { password: { env: 'PASSWORD' } },
  data: [{ src: 'seed', volume: 'data' }],
  tasks: [write('/srv/page/index.html', { content: '${text}\\n' })],
  services: [service({ name: 'page', exec: 'busybox httpd -f -p 8080 -h /srv/page', restart: 'always' })],
})
export const pageImage = image({ name: 'page', base: stock, layers: [page] })
`

/** Stands before a program: counts calls, and kills ov at the one that is asked for. */
const SHIM = `#!/bin/bash
kill=/home/op/kill
if [ -e $kill/at ]; then
  here="$(basename "$0") $1 $2 $3"
  n=$(flock $kill/lock sh -c 'echo "$1" >> $0/calls; wc -l < $0/calls' $kill "$here")
  if [ "$n" = "$(cat $kill/at)" ]; then
    echo "$here" > $kill/where
    [ "$(cat $kill/how)" = before ] || /usr/bin/$(basename "$0") "$@"
    pkill -KILL -f '^node /opt/ov'
    exit 1
  fi
fi
exec /usr/bin/$(basename "$0") "$@"
`

/** \`loop COMMAND\` with the functions \`before\`, which makes the state that the command starts from, and \`state\`. */
const LOOP = `
CHANGING='^(podman (run|rm|start|stop|kill|create|pod|exec|volume (create|rm)|secret (create|rm)|network (create|rm))|systemctl --user (daemon-reload|re|st|enable|disable))'
kill=~/kill; mkdir -p $kill
loop() {
  before; ov $1 >/dev/null 2>&1 || { echo "$1 fails"; exit 1; }
  wanted=$(state)
  rm -rf $kill/changing $kill/seen; mkdir $kill/seen
  for how in before after; do
    for at in $(seq 200); do
      # after a program that only looks, all is as before it
      [ $how = before ] || [ $at = $count ] || grep -qx $at $kill/changing || continue
      before; rm -f $kill/calls $kill/where; echo $how > $kill/how; echo $at > $kill/at
      ov $1 >/dev/null 2>&1; code=$?
      rm -f $kill/at
      [ $how = after ] || ! grep -qE "$CHANGING" $kill/where || echo $at >> $kill/changing
      [ $code = 137 ] || { [ $code = 0 ] && break; echo "$how $at: exit $code"; break; }
      # what the next run makes of this is known
      mkdir $kill/seen/$(left) 2>/dev/null || continue
      for i in 1 2 3 4 5 6 7 8 9; do pgrep -f '^(/usr/bin/)?podman (run|rm|pod|volume|secret)' >/dev/null || break; sleep 0.3; done
      ov $1 >$kill/out 2>&1 || { echo "$how $at, $(cat $kill/where): the next run fails"; cat $kill/out; }
      found=$(state)
      [ "$found" = "$wanted" ] || { echo "$how $at, $(cat $kill/where):"; diff <(echo "$wanted") <(echo "$found"); }
    done
    echo "$how: $((at - 1))"; count=$at
  done
}
# what a killed ov has left: its files, and what the programs before had done
left() {
  { find ~/.config/ov ~/.config/containers ~/.local/state/ov -printf '%p %s\n' | sort; cat ~/.config/ov/deploy.yml ~/.local/state/ov/deploys/*; head -n $((at - 1)) $kill/calls | grep -E "$CHANGING"; cat $kill/how; [ $(cat $kill/how) = before ] || cat $kill/where; } 2>/dev/null | sha1sum | cut -d' ' -f1
}
state() {
  cat ~/.config/ov/deploy.yml 2>/dev/null
  grep -v '^#' ~/.config/ov/config.yml 2>/dev/null | sed 's/: .*/:/'
  for file in ~/.config/containers/systemd/* ~/.local/state/ov/deploys/*; do [ ! -e $file ] || { echo "== $file"; cat $file; }; done
  find ~/.config ~/.local/state/ov -name '*.part' -o -name '*.tmp*'
  podman volume ls -q; podman secret ls --format '{{.Name}}'; podman ps -a --format '{{.Names}} {{.Image}}'
  systemctl --user is-active ov-page ov-page-two
  for volume in $(podman volume ls -q); do podman unshare sh -c "cd $(podman volume inspect $volume --format '{{.Mountpoint}}') && grep -r ."; done | sort
  [ "$(podman secret inspect --showsecret ov-page-password --format '{{.SecretData}}' 2>/dev/null)" = "$(sed -n 's/.*ov-page-password: //p' ~/.config/ov/config.yml 2>/dev/null)" ] || echo 'the secret is another'
  true
}
`

let machine: TestMachine
let project: TestProject
beforeAll(async () => {
  machine = await startMachine('killed')
  for (const name of ['podman', 'systemctl', 'journalctl']) {
    await machine.bed.put('shim', SHIM)
    await machine.sh(`sudo install -m 755 ~/shim /usr/local/bin/${name}`)
  }
  project = await machine.project('killed', { 'images.ts': images('one'), 'seed/a.txt': 'seeded\n' })
  await project.done('image build --tag 2030.001.0001')
  await project.put({ 'images.ts': images('two'), 'seed/b.txt': 'new\n' })
  await project.done('image build --tag 2030.001.0002')
})
afterAll(() => machine?.bed.down())

/** How often ov was killed before a program, and after one; the loop says what was wrong. */
async function killAt(command: string, before: string): Promise<readonly number[]> {
  const said = await machine.sh(
    `${LOOP}\nbefore() { { ${before}; } >/dev/null 2>&1; }\nloop ${JSON.stringify(command)}`,
    {
      cwd: '/home/op/killed',
    },
  )
  expect(said).toMatch(/^before: \d+\nafter: \d+$/)
  return [...said.matchAll(/: (\d+)/g)].map(([, count]) => Number(count))
}

const CONFIG = 'config page --tag 2030.001.0001 -e A=1 -p 8088:8080 --no-autodetect'

describe('a SIGKILL at every step', { timeout: 900_000 }, () => {
  it('POD-30 POD-16 POD-91 of config: the next one finishes it', async () => {
    const [before, after] = await killAt(CONFIG, 'ov remove page --purge; rm -f ~/.config/ov/config.yml')
    expect(before).toBeGreaterThan(10)
    expect(after).toBe(before)
  })
  it('POD-129 POD-T25 of update: the next one finishes it, and data and secrets are what they were', async () => {
    await killAt(
      'update page --tag 2030.001.0002',
      `[ -e ~/once ] || ov ${CONFIG}; touch ~/once; ov update page --tag 2030.001.0001 --no-seed; podman unshare rm -f $(podman volume inspect ov-page-data --format '{{.Mountpoint}}')/b.txt`,
    )
  })
  it('POD-130 POD-55 POD-100 of remove: the next one finishes it, and takes nothing else', async () => {
    await machine.sh(`ov ${CONFIG.replace('page', 'page -i two').replace('8088', '8089')}`)
    await killAt('remove page --purge', `ov ${CONFIG}`)
    expect(await machine.sh('podman volume ls -q; podman secret ls --format "{{.Name}}"')).toBe(
      'ov-page-two-data\nov-page-two-password',
    )
  })
})
