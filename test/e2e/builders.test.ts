import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startMachine, type TestMachine, type TestProject } from './machine.ts'

const version = '2026.320.1200'

/**
 * Serves ~/www and counts requests, slowly, so that builds side by side get in each other's way; files named `cut` stop in the middle as long as
 * ~/cutting is there, with and without a length that would tell. What is asked as of a proxy is fetched from there.
 */
const SERVER = `
const { createServer, request } = require('node:http')
const { appendFileSync, existsSync, readFileSync } = require('node:fs')
createServer((asked, response) => {
  appendFileSync('/home/op/requests', asked.url + '\\n')
  if (asked.url.startsWith('http://'))
    return asked.pipe(request(asked.url, { headers: asked.headers, method: asked.method }, (from) => {
      response.writeHead(from.statusCode, from.headers)
      from.pipe(response)
    }).on('error', () => response.destroy()))
  const file = '/home/op/www' + asked.url
  if (!existsSync(file)) return response.writeHead(404).end('no')
  const body = readFileSync(file)
  const cut = asked.url.includes('cut') && existsSync('/home/op/cutting')
  const half = body.subarray(0, body.length / 2)
  if (cut && asked.url.includes('silent')) {
    asked.socket.end(Buffer.concat([Buffer.from('HTTP/1.0 200 OK\\r\\nConnection: close\\r\\n\\r\\n'), half]))
    return
  }
  setTimeout(() => {
    response.writeHead(200, { 'content-length': body.length, 'cache-control': 'public, immutable, max-age=31557600' })
    if (cut) response.write(half, () => setTimeout(() => response.destroy(), 100))
    else response.end(body)
  }, 500)
}).listen(8111, '0.0.0.0')
`

let machine: TestMachine
let npm: TestProject
let url: (path: string) => string
const requests = async () => (await machine.sh('cat ~/requests 2>/dev/null || true')).split('\n').filter(Boolean)
/** What was asked for while something was done, by path. */
async function counting(work: () => Promise<unknown>): Promise<Record<string, number>> {
  const before = (await requests()).length
  await work()
  const counts: Record<string, number> = {}
  for (const path of (await requests()).slice(before)) counts[path] = (counts[path] ?? 0) + 1
  return counts
}
/** Runs something in the newest image of that name. */
const inImage = (name: string, script: string, ...args: string[]) =>
  machine.sh(
    `podman run --rm -i ${args.join(' ')} localhost/${name}:$(podman images --format '{{.Tag}}' localhost/${name} | head -1) bash -s`,
    { stdin: script },
  )

beforeAll(async () => {
  machine = await startMachine('builders')
  url = (path) => `http://${machine.bed.ip}:8111/${path}`
  await machine.sh(`mkdir -p ~/www ~/src/top/bin && cd ~/src && echo 'echo tool' > top/bin/tool && chmod +x top/bin/tool && echo read > top/README
    tar czf ~/www/t.tar.gz top && tar cJf ~/www/t.tar.xz top && tar --zstd -cf ~/www/t.tar.zst top && cp top/bin/tool ~/www/t.bin
    python3 -c "
import zipfile
z = zipfile.ZipFile('/home/op/www/t.zip', 'w'); z.write('top/README'); z.write('top/bin/tool'); z.close()"
    echo 'mkdir -p /opt/sh/top; echo "$WHO" > /opt/sh/top/README' > ~/www/t.sh
    for cut in cut.tar.gz silent-cut.tar.gz; do cp ~/www/t.tar.gz ~/www/$cut; done
    mkdir -p ~/npm/package && cd ~/npm/package && echo '{ "name": "hello-tool", "version": "1.2.3", "bin": { "hello-tool": "hello.js" } }' > package.json
    printf '#!/usr/bin/env node\\nconsole.log("hello from npm")\\n' > hello.js && cd .. && tar czf ~/www/hello-tool-1.2.3.tgz package`)
  await machine.bed.put('server.cjs', SERVER)
  await machine.sh('setsid node ~/server.cjs >/dev/null 2>&1 & sleep 0.5')
})
afterAll(() => machine?.bed.down())

describe('downloads', () => {
  let project: TestProject
  const deploy = (tasks: string, images = ['got']) => ({
    'deploy.ts': `import { cmd, download, image, layer, mkdir } from 'ov'
import { stock } from './stock.ts'
${images
  .map(
    (name, index) => `
const ${name}Layer = layer({ name: '${name}-layer', version: '${version}', tasks: [cmd('echo ${index} > /which; mkdir -p -m 777 /opt/${name}'), ${tasks.replaceAll('NAME', name)}] })
export const ${name} = image({ name: '${name}', base: stock, layers: [${name}Layer] })`,
  )
  .join('')}
`,
  })
  beforeAll(async () => {
    project = await machine.project('downloads', {})
  })

  it.each([
    ['none', "to: '/opt/none/top/bin/tool', mode: '0755'", 't.bin', 'tool'],
    ['tar.gz', "to: '/opt/tar.gz'", 't.tar.gz', 'tool read'],
    ['tar.xz', "to: '/opt/tar.xz'", 't.tar.xz', 'tool read'],
    ['tar.zst', "to: '/opt/tar.zst', include: ['top/README'], stripComponents: 0 + 1", 't.tar.zst', ''],
    ['zip', "to: '/opt/zip', include: ['top/README', 'top/bin/tool'], mode: '0755'", 't.zip', 'tool read'],
    ['sh', "env: { WHO: 'me' }", 't.sh', 'me'],
  ])('LAY-19 LAY-21 LAY-22 LAY-23 %s, fetched once and never again', async (kind, options, file, said) => {
    const tasks = (note: string) =>
      `cmd('echo ${note}'), mkdir('/opt/${kind}/top/bin'), download('${url(file)}', { extract: '${kind}', ${options} })`
    await project.put(deploy(tasks('first')))
    expect(await counting(() => project.done('image build got'))).toEqual({ [`/${file}`]: 1 })
    const look = `cd /opt/${kind}; if [ -x top/bin/tool ]; then sh top/bin/tool; fi; cat top/README README 2>/dev/null; true`
    expect((await inImage('got', look)).split('\n').join(' ')).toBe(kind === 'tar.zst' ? 'read' : said)
    await project.put(deploy(tasks('everything after this runs again')))
    expect(await counting(() => project.done('image build got'))).toEqual({})
  })

  it.each([
    ['with its length announced', 'cut.tar.gz', 'curl: (18)'],
    ['without anything that tells', 'silent-cut.tar.gz', 'unexpected end of file'],
  ])('LAY-19 LAY-T5 a body that broke off %s is never used again', async (_, file, said) => {
    await project.put(deploy(`download('${url(file)}', { extract: 'tar.gz', to: '/opt' })`))
    await machine.sh('touch ~/cutting')
    const { exitCode, stderr } = await project.ov('image build got')
    expect(exitCode).toBe(1)
    expect(stderr).toContain(said)
    expect(stderr).toMatch(/deploy\.ts:\d+:\d+/)
    await machine.sh('rm ~/cutting')
    expect(await counting(() => project.done('image build got'))).toEqual({ [`/${file}`]: 1 })
    expect(await inImage('got', 'cat /opt/top/README')).toBe('read')
  })

  it('LAY-19 a file that is not there fails at the line that wants it, with what the server said', async () => {
    await project.put(deploy(`download('${url('nowhere')}', { to: '/opt/nowhere' })`))
    const { exitCode, stderr } = await project.ov('image build got')
    expect(exitCode).toBe(1)
    expect(stderr).toContain('404')
    expect(stderr).toMatch(/deploy\.ts:\d+:\d+/)
  })

  it('LAY-19 LAY-24 what several images want is fetched once, by root and by a user, though they are built side by side', async () => {
    const images = ['left', 'right', 'third']
    await machine.sh('head -c 30000000 /dev/urandom > ~/www/shared.bin; cp ~/www/shared.bin ~/www/owned.bin')
    await project.put(
      deploy(
        `download('${url('shared.bin')}', { to: '/opt/shared.bin' }), download('${url('owned.bin')}', { to: '/opt/NAME/owned.bin', user: '\${USER}' })`,
        images,
      ),
    )
    const counts = await counting(() => project.done('image build --jobs 3'))
    expect(counts).toEqual({ '/shared.bin': 1, '/owned.bin': 1 })
    console.info(`downloads of ${images.length} images side by side, fetches: ${JSON.stringify(counts)}`)
    const sum = await machine.sh('sha256sum < ~/www/shared.bin')
    for (const name of images)
      expect(await inImage(name, `sha256sum < /opt/shared.bin; sha256sum < /opt/${name}/owned.bin`)).toBe(
        `${sum}\n${sum}`,
      )
  })
})

describe('package caches', () => {
  it('IMG-27 IMG-163 packages that several images install are fetched once', async () => {
    await machine.bed.put('/etc/apt/apt.conf.d/80counting', `Acquire::http::Proxy "http://${machine.bed.ip}:8111";\n`, {
      user: 'root',
    })
    const names = ['red', 'green', 'blue']
    const project = await machine.project('packages', {
      'deploy.ts': `import { image, layer, write } from 'ov'
import { stock } from './stock.ts'
${names
  .map(
    (name) => `
const ${name}Layer = layer({ name: '${name}-layer', version: '${version}', env: { COLOUR: '${name}' }, deb: { packages: ['jq', 'socat', '${name === 'blue' ? 'tree' : 'less'}'] } })
export const ${name} = image({ name: '${name}', base: stock, layers: [${name}Layer] })`,
  )
  .join('')}
`,
    })
    const counts = await counting(() => project.done('image build red green blue --jobs 3'))
    const packages = Object.entries(counts).filter(([path]) => path.endsWith('.deb'))
    const named = packages.map(([path]) => /([^/_]*)_[^/]*$/.exec(path)![1])
    expect(named).toEqual(expect.arrayContaining(['jq', 'socat', 'tree', 'less']))
    expect(packages.filter(([, times]) => times > 1)).toEqual([])
    const lists = Object.entries(counts).filter(([path]) => /\/(In)?Release$|\/Packages/.test(path))
    const total = (of: typeof packages) => of.reduce((sum, [, times]) => sum + times, 0)
    console.info(
      `apt packages of ${names.length} images: ${packages.length} different, ${total(packages)} fetched; index files: ${lists.length} different, ${total(lists)} requests`,
    )
    const again = await counting(() => project.done('image build red green --no-cache'))
    expect(Object.keys(again).filter((path) => path.endsWith('.deb'))).toEqual([])
    await machine.bed.exec(['rm', '/etc/apt/apt.conf.d/80counting'], { user: 'root' })
  })
})

describe('builders', () => {
  it('IMG-20 IMG-21 IMG-40 IMG-43 IMG-192 npm, in a stage of an image with node and npm', async () => {
    const project = await machine.project('npm', {
      'deploy.ts': `import { host, image, layer } from 'ov'
import { stock } from './stock.ts'
const tools = layer({ name: 'tools-node', version: '${version}', deb: { packages: ['nodejs', 'npm'] } })
export const builder = image({ name: 'builder', base: stock, layers: [tools], builds: ['npm'] })
const node = layer({ name: 'node', version: '${version}', deb: { packages: ['nodejs'] } })
const hello = layer({ name: 'hello', version: '${version}', npm: 'package.json', depends: [node], pathAppend: ['~/.npm-global/bin'] })
const again = layer({ name: 'again', version: '${version}', npm: 'again/package.json', depends: [node] })
export const app = image({ name: 'app', base: stock, layers: [hello], builder: { npm: builder } })
export const second = image({ name: 'second', base: stock, layers: [again], builder: { npm: builder } })
const one = layer({ name: 'one', version: '${version}', npm: 'host/package.json', pathAppend: ['~/.npm-global/bin'] })
const two = layer({ name: 'two', version: '${version}', npm: 'too/package.json' })
const installOpts = { builderImage: builder }
export const here = host({ name: 'here', layers: [one], installOpts })
export const also = host({ name: 'also', layers: [two], installOpts })
export const none = host({ name: 'none', layers: [one] })
export const far = host({ name: 'far', host: 'op@127.0.0.1', sshArgs: ['-o', 'StrictHostKeyChecking=accept-new', '-i', '~/key'], layers: [one], installOpts })
`,
      'package.json': JSON.stringify({ dependencies: { 'hello-tool': url('hello-tool-1.2.3.tgz') } }),
      // What podman runs reaches the machine by another name than what it builds.
      ...Object.fromEntries(
        ['host', 'too'].map((folder) => [
          `${folder}/package.json`,
          JSON.stringify({
            dependencies: { 'hello-tool': 'http://host.containers.internal:8111/hello-tool-1.2.3.tgz' },
          }),
        ]),
      ),
      'again/package.json': JSON.stringify({
        dependencies: { 'hello-tool': url('hello-tool-1.2.3.tgz') },
        private: true,
      }),
    })
    const all = await counting(() => project.done('image build app second --jobs 1'))
    const counts = Object.fromEntries(Object.entries(all).filter(([path]) => path.endsWith('.tgz')))
    console.info(`npm packages of 2 images, fetches: ${JSON.stringify(counts)}`)
    expect(
      await inImage('app', 'command -v hello-tool; hello-tool; id -un; stat -c %U $(command -v hello-tool); ls'),
    ).toBe('/home/user/.npm-global/bin/hello-tool\nhello from npm\nuser\nuser')
    expect(await inImage('second', '~/.npm-global/bin/hello-tool')).toBe('hello from npm')
    expect(counts).toEqual({ '/hello-tool-1.2.3.tgz': 1 })
    npm = project
  })

  it('HOST-20 HOST-21 HOST-22 HOST-24 HOST-27 HOST-49 HOST-57 npm, for a host: in the image, into the home', async () => {
    const none = await npm.ov('deploy add none')
    expect(none.exitCode).toBe(1)
    expect(none.stderr).toContain('no builder image for npm (layer=one); set --builder-image or define builder.npm')
    // Its own sshd is another machine, too.
    await machine.sh('ssh-keygen -q -t ed25519 -N "" -f ~/key && cat ~/key.pub >> ~/.ssh/authorized_keys')
    const far = await npm.ov('deploy add far')
    expect(far.stderr).toContain('builder npm (layer=one) builds into the home of this machine')
    expect((await npm.done('deploy add far --skip-incompatible')).stderr).toContain('[skip] layer one')
    await npm.done('deploy del far')
    await machine.sh('rm -rf ~/.npm-global ~/.npm ~/.cargo ~/.pixi')
    const before = await machine.sh('ls -A ~')
    await npm.done('apply here')
    expect(
      await machine.sh("bash -lc 'hello-tool; command -v hello-tool'; stat -c %U ~/.npm-global/bin/hello-tool"),
    ).toBe('hello from npm\n/home/op/.npm-global/bin/hello-tool\nop')
    expect((await npm.done('apply here')).stderr).toContain('here: no change')
    expect(JSON.parse(await machine.sh('cat ~/.config/overthink/installed/layers/one.json'))).toMatchObject({
      reverse_ops: [{ kind: 'remove-envd-file' }, { kind: 'npm-uninstall-g', targets: ['hello-tool'], scope: 1 }],
    })
    await npm.done('apply also')
    await npm.done('destroy here')
    expect(await machine.sh('~/.npm-global/bin/hello-tool')).toBe('hello from npm')
    await npm.done('destroy also')
    await npm.done('apply here')
    await npm.done('destroy here')
    expect(await machine.sh('ls -A ~')).toBe(before)
  })

  it('IMG-41 LAY-26 HOST-23 HOST-24 cargo, in the image itself, and for a host', async () => {
    const project = await machine.project('cargo', {
      'deploy.ts': `import { build, cmd, host, image, layer } from 'ov'
import { stock } from './stock.ts'
const rust = layer({ name: 'rust', version: '${version}', deb: { packages: ['cargo'] } })
const greet = layer({ name: 'greet', version: '${version}', cargo: 'Cargo.toml', depends: [rust], pathAppend: ['~/.cargo/bin'], tasks: [build(), cmd('~/.cargo/bin/greet > ~/greeting', { user: '\${USER}' })] })
export const app = image({ name: 'app', base: stock, layers: [greet] })
const own = layer({ name: 'own', version: '${version}', cargo: 'Cargo.toml', pathAppend: ['~/.cargo/bin'] })
export const here = host({ name: 'here', layers: [own], installOpts: { builderImage: app } })
`,
      'Cargo.toml': '[package]\nname = "greet"\nversion = "0.1.0"\nedition = "2021"\n',
      'src/main.rs': 'fn main() { println!("hello from cargo"); }\n',
    })
    await project.done('image build app')
    expect(await inImage('app', 'greet; cat ~/greeting; stat -c %u ~/.cargo/bin/greet; ls -d /tmp/cargo-*; true')).toBe(
      'hello from cargo\nhello from cargo\n1000',
    )
    // HOST-24: the same for a host, from a copy of what is mounted read-only.
    await project.done('apply here')
    expect(await machine.sh("bash -lc 'greet; command -v greet'")).toBe('hello from cargo\n/home/op/.cargo/bin/greet')
    expect(await machine.sh('cat ~/.config/overthink/installed/layers/own.json')).toMatch(
      /"cargo-uninstall",\s+"targets": \[\s+"greet"/,
    )
    await project.done('destroy here')
    expect(await machine.sh('ls -A ~/.cargo 2>/dev/null || echo gone')).toBe('gone')
  })

  it('IMG-38 IMG-39 IMG-43 pixi, by a stand-in that writes down how it was called', async () => {
    const project = await machine.project('pixi', {
      'deploy.ts': `import { image, layer, write } from 'ov'
import { stock } from './stock.ts'
const fake = layer({ name: 'fake', version: '${version}', tasks: [write('/usr/local/bin/pixi', { mode: '0755', content: \`#!/bin/sh
mkdir -p ~/.pixi/envs/default/bin
echo "pixi $*" >> ~/.pixi/calls
{ id -u; pwd; ls; env | grep CACHE_DIR | sort; touch $PIXI_CACHE_DIR/mine && cat pixi.toml; } > ~/.pixi/seen
printf '#!/bin/sh\\\\necho ran\\\\n' > ~/.pixi/envs/default/bin/tool; chmod +x ~/.pixi/envs/default/bin/tool
\` })] })
export const builder = image({ name: 'builder', base: stock, layers: [fake], builds: ['pixi'] })
const env = layer({ name: 'env', version: '${version}', pixi: 'pixi.toml' })
export const app = image({ name: 'app', base: stock, layers: [env], builder: { pixi: builder } })
`,
      'pixi.toml': '[workspace]\nname = "x"\n',
      'pixi.lock': 'version: 6\n',
      'build.sh': 'echo "build.sh by $(id -u)" >> ~/.pixi/calls\n',
    })
    await project.done('image build app')
    expect(
      await inImage(
        'app',
        'cat ~/.pixi/calls ~/.pixi/seen; command -v tool; tool; command -v pixi; ls ~; printenv PIXI_CACHE_DIR',
      ),
    ).toBe(
      `pixi install --frozen
build.sh by 1000
1000
/home/user
pixi.lock
pixi.toml
PIXI_CACHE_DIR=/tmp/pixi-cache
RATTLER_CACHE_DIR=/tmp/rattler-cache
[workspace]
name = "x"

[system-requirements]
libc = { family = "glibc", version = "2.39" }
/home/user/.pixi/envs/default/bin/tool
ran
/usr/local/bin/pixi
/home/user/.cache/pixi`,
    )
  })

  it('IMG-33 IMG-42 LAY-50 aur, by stand-ins for yay and pacman that write down how they were called', async () => {
    const project = await machine.project('aur', {
      'deploy.ts': `import { image, layer, mkdir, write } from 'ov'
import { stock } from './stock.ts'
const script = (path: string, content: string) => write(path, { mode: '0755', content: '#!/bin/sh\\nset -e\\n' + content })
const pacman = layer({ name: 'pacman', version: '${version}', tasks: [script('/usr/bin/pacman', \`
echo "pacman $* by $(id -u)" >> /pacman.calls
for word; do case "$word" in *.pkg.tar.zst) tar --zstd -xf "$word" -C /;; esac; done
\`)] })
const arch = image({ name: 'arch', base: stock, distro: 'arch', build: ['pac'], layers: [pacman] })
const yay = layer({ name: 'yay', version: '${version}', tasks: [mkdir('/etc/sudoers.d'), write('/etc/makepkg.conf', { content: 'OPTIONS=(strip debug)\\n' }), script('/usr/bin/yay', \`
test "$(id -u)" = 1000; touch /tmp/aur-srcdest/mine
for word; do last=$word; done
mkdir -p /tmp/aur-build/$last/usr/bin && cd /tmp/aur-build/$last
{ echo "yay $*"; cat /etc/sudoers.d/builder /tmp/makepkg.conf; } > usr/yay.calls; echo "echo $last" > usr/bin/$last; chmod +x usr/bin/$last
tar --zstd -cf /tmp/aur-build/$last/$last-1-1-any.pkg.tar.zst usr
\`)] })
export const builder = image({ name: 'builder', base: arch, layers: [yay], builds: ['aur'] })
const tool = layer({ name: 'tool', version: '${version}', pac: { packages: ['git'] }, aur: { packages: ['paru-bin'], options: ['--mflags=--nocheck'] } })
export const app = image({ name: 'app', base: arch, build: ['pac', 'aur'], layers: [tool], builder: { aur: builder } })
`,
    })
    await project.done('image build app')
    expect(await inImage('app', 'cat /pacman.calls /usr/yay.calls; paru-bin; ls -d /tmp/aur-*; true')).toBe(
      `pacman -Syu --noconfirm git by 0
pacman -U --noconfirm /tmp/aur-pkgs/paru-bin-1-1-any.pkg.tar.zst by 0
yay -S --noconfirm --needed --builddir /tmp/aur-build --makepkgconf /tmp/makepkg.conf --mflags=--nocheck paru-bin
user ALL=(ALL) NOPASSWD: ALL
OPTIONS=(strip !debug)
SRCDEST=/tmp/aur-srcdest
paru-bin`,
    )
  })
})
