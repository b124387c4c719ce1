/** Kills ov around every program that works on an encrypted volume or a credential, and looks for secrets in everything that is left or seen. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startMachine, type TestMachine, type TestProject } from './machine.ts'

const PROJECT = `import { image, layer, service } from 'ov'
import { stock } from './stock.ts'

const notes = layer({
  name: 'notes',
  version: '2026.331.800',
  volumes: { library: '~/library', extra: '~/extra' },
  secrets: { own: { env: 'OWN' } },
  secretRequires: { TOKEN: 'a token' },
  services: [service({ name: 'notes', exec: 'sleep infinity', restart: 'always' })],
})
export const notesImage = image({ name: 'notes', base: stock, layers: [notes] })
`

/** Stands before a program: counts calls, and kills ov before or after the one that is asked for. */
const SHIM = `#!/bin/bash
name=$(basename "$0") kill=/home/op/kill
if [ -e $kill/at ]; then
  n=$(/usr/bin/flock $kill/lock sh -c 'echo $1 >> $0/calls; wc -l < $0/calls' $kill $name)
  if [ "$n" = "$(cat $kill/at)" ]; then
    echo "$name" > $kill/where
    [ "$(cat $kill/how)" = before ] || /usr/bin/$name "$@"
    pkill -KILL -f '^node /opt/ov'
    exit 1
  fi
fi
exec /usr/bin/$name "$@"
`

/** \`loop COMMAND INPUT\`, with \`before\`, which makes the state that it starts from, and \`check\`, which says what is wrong after it was run again. */
const LOOP = `
kill=~/kill; mkdir -p $kill
export OV_SECRET_BACKEND=config
vaults=~/.local/share/ov/encrypted
stored() { sed -n 's#^ *ov/enc/notes: ##p' ~/.config/ov/config.yml; }
opens() { printf '%s\\n' "$2" | gocryptfs -q -fsck -- $vaults/ov-notes-$1/cipher >/dev/null 2>&1; }
loop() {
  rm -rf $kill/changing $kill/seen; mkdir $kill/seen
  for how in before after; do
    for at in $(seq 60); do
      # after a lock is taken, all is as before the next program
      [ $how = before ] || [ $at = $count ] || grep -qx $at $kill/changing || continue
      before >/dev/null 2>&1; rm -f $kill/calls $kill/where; echo $how > $kill/how; echo $at > $kill/at
      printf "$2" | ov $1 >/dev/null 2>&1; code=$?
      rm -f $kill/at
      sleep 0.2
      [ $how = after ] || [ "$(cat $kill/where 2>/dev/null)" = flock ] || echo $at >> $kill/changing
      # the last thing that it did was to give back a lock: it had ended when it was to be killed
      [ $code != 0 ] || { [ -e $kill/where ] && continue; break; }
      [ $code = 137 ] || { echo "$how $at: exit $code"; break; }
      # what the next run makes of this is known
      mkdir $kill/seen/$(left) 2>/dev/null || continue
      killed
      printf "$2" | ov $1 >$kill/out 2>&1 || { echo "$how $at, $(cat $kill/where): the next run fails"; cat $kill/out; }
      check || echo "$how $at, $(cat $kill/where): wrong afterwards"
    done
    echo "$how: $((at - 1))"; count=$at
  done
}
# what a killed ov has left: its files, and what the programs before had done
left() {
  { find $vaults ~/.config ~/.local/state/ov -path '*/cipher/*' -prune -o -printf '%p\n' | sort; cat ~/.config/ov/deploy.yml; sed 's/: [^ ]*$/:/' ~/.config/ov/config.yml; head -n $((at - 1)) $kill/calls | grep -v flock; cat $kill/how; [ $(cat $kill/how) = before ] || cat $kill/where; } 2>/dev/null | sha1sum | cut -d' ' -f1
}
# what must hold at the very moment: a vault that is there opens with something that is stored, and nothing is plain
killed() {
  for volume in library extra; do
    grep -q "ov-notes-$volume/plain" /proc/mounts || [ -z "$(ls -A $vaults/ov-notes-$volume/plain 2>/dev/null)" ] || echo "$how $at: plain files"
    [ -e $vaults/ov-notes-$volume/cipher/gocryptfs.diriv ] || continue
    opens $volume "$(stored)" || opens $volume "$(sed -n 's#^ *ov/enc-next/notes: ##p' ~/.config/ov/config.yml)" || echo "$how $at, $(cat $kill/where): nobody has the passphrase of $volume"
  done
}
`
const CONFIG = 'config notes --encrypt library --encrypt extra --no-autodetect -e TOKEN=planted'

let machine: TestMachine
let project: TestProject
beforeAll(async () => {
  machine = await startMachine('vaultkill')
  project = await machine.project('vaultkill', { 'images.ts': PROJECT })
  await project.done('image build notes')
  for (const name of ['gocryptfs', 'systemd-run', 'fusermount3', 'flock']) {
    await machine.bed.put('shim', SHIM)
    await machine.sh(`sudo install -m 755 ~/shim /usr/local/bin/${name}`)
  }
})
afterAll(() => machine?.bed.down())

async function killAt(command: string, input: string, before: string, check: string): Promise<number[]> {
  const said = await machine.sh(
    `${LOOP}\nbefore() { ${before}\n}\ncheck() { ${check}\n}\nloop ${JSON.stringify(command)} ${JSON.stringify(input)}`,
    { cwd: '/home/op/vaultkill' },
  )
  expect(said).toMatch(/^before: \d+\nafter: \d+$/)
  return [...said.matchAll(/: (\d+)/g)].map(([, count]) => Number(count))
}

describe('a SIGKILL at every step', { timeout: 900_000 }, () => {
  // Quicker than ov itself, which has to look what there is.
  const NONE = `pkill -x gocryptfs; for plain in $vaults/*/plain; do /usr/bin/fusermount3 -uz $plain; done
     systemctl --user stop 'ov-enc-*'; podman secret rm -a; rm -rf $vaults ~/.local/state/ov/vaults ~/.config/ov ~/.config/containers/systemd/*`
  const ALL_OPEN = `opens library "$(stored)" && opens extra "$(stored)" && [ "$(ov config status notes)" = "$(printf 'library: mounted\\nextra: mounted')" ]`

  it('ENC-14 ENC-40 ENC-41 of making volumes: never one whose passphrase nobody has, and the next run finishes', async () => {
    const [before, after] = await killAt(CONFIG, '', NONE, ALL_OPEN)
    expect(before).toBeGreaterThan(10)
    expect(after).toBeGreaterThan(10)
  })

  it('ENC-43 ENC-44 of mounting', async () => {
    await machine.sh(`OV_SECRET_BACKEND=config ov ${CONFIG}`)
    await killAt('config mount notes', '', 'ov config unmount notes', ALL_OPEN)
  })

  it('ENC-48 ENC-68 ENC-69 of a new passphrase: the store has one that opens, at any moment', async () => {
    await killAt(
      'config passwd notes',
      'first word\\nsecond word\\nsecond word\\n',
      `if [ ! -e ~/first ]; then
         ov config unmount notes; rm -rf $vaults ~/.local/state/ov/vaults; sed -i '/ov.enc/d' ~/.config/ov/config.yml
         printf 'first word' | ov secrets set ov/enc notes; ov ${CONFIG}; ov config unmount notes
         mkdir ~/first; cp -a $vaults ~/.config/ov/config.yml ~/first
       fi
       rm -rf $vaults; cp -a ~/first/encrypted $vaults; cp -a ~/first/config.yml ~/.config/ov/config.yml`,
      `[ "$(stored)" = 'second word' ] && opens library 'second word' && opens extra 'second word' && ! grep -q enc-next ~/.config/ov/config.yml`,
    )
  })
})

describe('fifty planted secrets', () => {
  it('CRED-15 ENC-30 ENC-31 ENC-T6 are in no argument, no environment that stays, no log, plan, unit, label or file but the store', async () => {
    const planted = Array.from({ length: 50 }, (_, index) => `planted-${index}-${'x'.repeat(12)}`)
    await machine.bed.put('planted', `${[...planted, 'seen-if-it-looks'].join('\n')}\n`, { mode: 0o600 })
    // All arguments and environments of all processes, looked at all the time.
    await machine.sh(
      `sudo systemd-run -q --unit=watch bash -c 'while :; do for p in /proc/[0-9]*; do tr "\\\\0" "\\\\n" < $p/cmdline | grep -aFf /home/op/planted | sed "s#^#$p #" >> /root/seen; done 2>/dev/null; done'`,
    )
    await machine.sh('bash -c "sleep 3; true" seen-if-it-looks')
    expect(await machine.sh('sudo cat /root/seen')).toContain('seen-if-it-looks')
    await machine.sh('sudo truncate -s 0 /root/seen')
    const give = async (value: string, service: string, key: string) => {
      await project.done(`secrets set ${service} ${key}`, { stdin: value })
      expect((await project.done(`secrets get ${service} ${key}`)).stdout).toBe(value)
    }
    await machine.sh(
      `${LOOP} ov config unmount notes; ov remove notes --purge; rm -rf $vaults ~/.local/state/ov/vaults ~/.config/ov/config.yml; true`,
    )
    for (const [index, value] of planted.slice(0, 44).entries()) await give(value, 'ov/secret', `k${index}`)
    await give(planted[44]!, 'ov/enc', 'notes')
    await give(planted[45]!, 'ov/secret', 'TOKEN')
    await give(planted[46]!, 'ov/secret', 'ov-notes-own')
    const ov = (args: string, stdin?: string) => project.ov(args, stdin === undefined ? {} : { stdin })
    const outputs = [
      await ov(CONFIG.replace(' -e TOKEN=planted', '')),
      await ov('start notes'),
      await ov('config mount notes'),
      await ov('status notes'),
      await ov('status --json'),
      await ov('synth'),
      await ov('doctor --json'),
      await ov('settings list'),
      await ov('secrets list'),
      await ov('secrets import --dry-run'),
      await ov('config notes --no-autodetect --update-all'),
      await ov('stop notes --unmount'),
      await ov('config passwd notes', `${planted[47]}\n${planted[48]}\n${planted[48]}\n`),
      await ov('config passwd notes', `${planted[44]}\n${planted[49]}\n${planted[49]}\n`),
      await ov('config mount notes'),
      await ov('update notes'),
      await ov('deploy show'),
      await ov('deploy export'),
    ]
    for (const { stdout, stderr } of outputs)
      for (const value of planted) expect(stdout + stderr, 'what ov prints').not.toContain(value)
    await machine.sh('sudo systemctl stop watch')
    expect(await machine.sh('sudo cat /root/seen')).toBe('')
    expect(
      await machine.sh(
        `sudo grep -alFf ~/planted /proc/[0-9]*/environ 2>/dev/null; grep -rlFf ~/planted ~ /tmp /run/user/1000 --exclude=planted --exclude-dir=overlay 2>/dev/null
         { journalctl --user --no-pager; sudo journalctl --no-pager; podman image inspect $(podman images -q); podman container inspect -a; } 2>/dev/null | grep -cFf ~/planted; true`,
      ),
    ).toMatch(
      /^\/home\/op\/\.config\/ov\/config\.yml\n(?:\/home\/op\/\.local\/share\/containers\/storage\/secrets\/filedriver\/secretsdata\.json\n)?0$/,
    )
  })
})
