import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startMachine, type TestMachine, type TestProject } from './machine.ts'

/** Serves ~/www on the bed's address and counts requests; /cut sends half of what it announces, until told otherwise. */
const SERVER = `
const { createServer } = require('node:http')
const { appendFileSync, existsSync, readFileSync } = require('node:fs')
createServer((request, response) => {
  appendFileSync('/home/op/requests', request.url + '\\n')
  const file = '/home/op/www' + request.url
  if (!existsSync(file)) return response.writeHead(404).end('no')
  const body = readFileSync(file)
  response.writeHead(200, { 'content-length': body.length })
  if (request.url.includes('cut') && existsSync('/home/op/cutting')) response.write(body.subarray(0, body.length / 2), () => setTimeout(() => response.destroy(), 100))
  else response.end(body)
}).listen(8111, '0.0.0.0')
`

const DEPLOY = `import { defineBuilder, image, pod } from 'ov'
import * as layers from './layers.ts'
import { stock } from './stock.ts'

export const make = defineBuilder({
  name: 'make',
  detect: [['Makefile']],
  inline: ({ home, directory }) => ['make -C ' + directory + ' install PREFIX=' + home + '/.local'],
})
export const verbs = image({ name: 'verbs', base: stock, layers: Object.values(layers).filter((one) => 'tasks' in one) })
export const deploy = pod({ name: 'verbs', image: verbs })
`
const layer = (
  tasks: string,
  more = '',
) => `import { build, cmd, copy, download, layer, link, mkdir, setcap, write } from 'ov'

export const one = layer({
  name: 'one',
  version: '2026.320.1200',
${more}  tasks: [
${tasks
  .trim()
  .split('\n')
  .map((line) => `    ${line.trim()}`)
  .join('\n')}
  ],
})
`

let machine: TestMachine
let project: TestProject
const inside = (script: string, user = '1000') =>
  machine.sh(`podman exec -u ${user} ov-verbs bash -c ${JSON.stringify(script)}`)
/** `mode owner:group type` of paths in the image. */
const stat = (...paths: string[]) => inside(`stat -c '%n %a %u:%g' ${paths.join(' ')}`, '0')
const requests = async () => (await machine.sh('cat ~/requests 2>/dev/null || true')).split('\n').filter(Boolean)
const apply = async (tasks: string, more?: string) => {
  await project.put({ 'layers.ts': layer(tasks, more) })
  return project.ov('apply')
}
const succeed = async (tasks: string, more?: string) => {
  const result = await apply(tasks, more)
  expect(result.stderr).toMatch(/^verbs: (running|no change)/m)
  return result
}

beforeAll(async () => {
  machine = await startMachine('verbs')
  project = await machine.project('verbs', {
    'deploy.ts': DEPLOY,
    'files/script.sh': '#!/bin/sh\necho script\n',
    'files/deep/data.txt': 'data\n',
  })
})
afterAll(() => machine?.bed.down())

describe('the verbs of a layer, really built', () => {
  it('LAY-15 LAY-16 LAY-17 LAY-18 LAY-25 LAY-40 cmd mkdir copy write link setcap', async () => {
    await succeed(
      `
      cmd('mkdir /made-by-cmd; cd /made-by-cmd; pwd > where; echo $BUILD_ARCH > arch; ls /ctx/files > ctx; touch /ctx/x 2>/dev/null && exit 1; true'),
      mkdir('/a/b/c'),
      mkdir('/a/tmp', { mode: '01777' }),
      mkdir('/a/private', { mode: '0700' }),
      copy('files/script.sh', { to: '/usr/local/bin/script' }),
      copy('files/script.sh', { to: '/p/q/plain.sh', mode: '0600' }),
      copy('files/deep', { to: '/a/deep' }),
      write('/w/x/hello', { content: 'hello\\n' }),
      write('\${HOME}/mine', { content: 'mine\\n', user: '\${USER}', mode: '0640' }),
      link('/a/link', { target: '/w/x/hello' }),
      link('/a/relative', { target: '../w/x/hello' }),
      copy('files/script.sh', { to: '/usr/local/bin/capable' }),
      setcap('/usr/local/bin/capable', { caps: 'cap_net_bind_service=ep' }),
      copy('files/script.sh', { to: '/usr/local/bin/stripped' }),
      setcap('/usr/local/bin/stripped', { caps: 'cap_net_raw=ep' }),
      setcap('/usr/local/bin/stripped'),
    `,
    )
    expect(await inside('cd /made-by-cmd; cat where arch ctx')).toBe(
      `/made-by-cmd\n${await machine.sh('uname -m')}\ndeep\nscript.sh`,
    )
    expect(
      await stat(
        '/a/b/c',
        '/a/tmp',
        '/a/private',
        '/usr/local/bin/script',
        '/p',
        '/p/q',
        '/p/q/plain.sh',
        '/w/x/hello',
      ),
    ).toBe(
      '/a/b/c 755 0:0\n/a/tmp 1777 0:0\n/a/private 700 0:0\n/usr/local/bin/script 755 0:0\n/p 755 0:0\n/p/q 755 0:0\n/p/q/plain.sh 600 0:0\n/w/x/hello 644 0:0',
    )
    expect(await stat('/home/user/mine')).toBe('/home/user/mine 640 1000:1000')
    expect(await inside('script; cat /a/deep/data.txt /a/link /a/relative; readlink /a/link /a/relative')).toBe(
      'script\ndata\nhello\nhello\n/w/x/hello\n../w/x/hello',
    )
    expect(await inside('/usr/sbin/getcap /usr/local/bin/*')).toBe('/usr/local/bin/capable cap_net_bind_service=ep')
  })

  it('LAY-36 LAY-37 LAY-38 LAY-40 users: by variable, number, pair and name; owners, parents and what runs as whom', async () => {
    await succeed(`
      cmd('useradd -m -u 2500 immich; mkdir -p -m 1777 /open'),
      cmd('id -u > /open/default'),
      cmd('id -u > /open/user', { user: '\${USER}' }),
      cmd('id -u; id -u > /open/number', { user: '500' }),
      cmd('echo $(id -u):$(id -g) > /open/pair', { user: '1010:1011' }),
      cmd('id -un > /open/named', { user: 'immich' }),
      write('/open/w-user', { content: 'x', user: '\${USER}' }),
      write('/open/w-number', { content: 'x', user: '500' }),
      write('/open/w-pair', { content: 'x', user: '1010:1011' }),
      write('/open/w-named', { content: 'x', user: 'immich' }),
      copy('files/script.sh', { to: '/open/new/deep/c-named', user: 'immich' }),
      mkdir('~/mine/deep', { user: '\${USER}' }),
      mkdir('/open/m-named', { user: 'immich' }),
      cmd('id -u > /open/again'),
    `)
    expect(await inside('cd /open; cat default user number pair named again')).toBe(
      '0\n1000\n500\n1010:1011\nimmich\n0',
    )
    expect(
      await stat(
        '/open/w-*',
        '/open/new',
        '/open/new/deep',
        '/open/new/deep/c-named',
        '/home/user/mine',
        '/home/user/mine/deep',
        '/open/m-named',
      ),
    ).toBe(
      [
        '/open/w-named 644 2500:2500',
        '/open/w-number 644 500:500',
        '/open/w-pair 644 1010:1011',
        '/open/w-user 644 1000:1000',
        '/open/new 755 2500:2500',
        '/open/new/deep 755 2500:2500',
        '/open/new/deep/c-named 755 2500:2500',
        '/home/user/mine 755 1000:1000',
        '/home/user/mine/deep 755 1000:1000',
        '/open/m-named 755 2500:2500',
      ].join('\n'),
    )
    expect(await inside('id -u')).toBe('1000')
  })
})

describe('downloads', () => {
  const url = (name: string) => `http://${machine.bed.ip}:8111/${name}`
  beforeAll(async () => {
    await machine.sh(`mkdir -p ~/www ~/src/top/bin && cd ~/src && printf '#!/bin/sh\\necho tool\\n' > top/bin/tool && chmod +x top/bin/tool && echo read > top/README &&
      tar czf ~/www/t.tar.gz top && tar cJf ~/www/t.tar.xz top && tar --zstd -cf ~/www/t.tar.zst top; cp ~/www/t.tar.gz ~/www/cut.tar.gz; cp ~/www/t.tar.gz "$HOME/www/amd64-t.tar.gz"
      cd top && python3 -c "import zipfile; z = zipfile.ZipFile('/home/op/www/t.zip', 'w'); z.write('README'); z.write('bin/tool'); z.close()" 
      echo plain > ~/www/plain; echo 'echo "installed by $WHO" > /opt/by-script' > ~/www/install.sh`)
    await machine.bed.put('server.cjs', SERVER)
    await machine.sh('setsid node ~/server.cjs >/dev/null 2>&1 & sleep 0.5')
  })

  it('LAY-19 LAY-20 LAY-21 LAY-22 LAY-23 every way to unpack', async () => {
    await succeed(
      `
      mkdir('/opt/gz'), mkdir('/opt/xz'), mkdir('/opt/zip'), mkdir('/opt/strip'),
      download('${url('t.tar.gz')}', { extract: 'tar.gz', to: '/opt/gz' }),
      download('${url('t.tar.xz')}', { extract: 'tar.xz', to: '/opt/xz', include: ['top/bin/tool'], mode: '0700' }),
      download('${url('t.zip')}', { extract: 'zip', to: '/opt/zip', include: ['README'] }),
      download('${url('${ARCH}-t.tar.gz')}', { extract: 'tar.gz', to: '/opt/strip', stripComponents: 2, include: ['top/bin/tool'] }),
      download('${url('plain')}', { to: '/opt/plain', mode: '0600' }),
      download('${url('install.sh')}', { extract: 'sh', env: { WHO: "it's me" } }),
      download('${url('${NAME}')}', { to: '/opt/by-var' }),
      mkdir('~/own', { user: '\${USER}' }),
      download('${url('t.tar.gz')}', { extract: 'tar.gz', to: '~/own', user: '\${USER}' }),
    `,
      "  vars: { NAME: 'plain' },\n",
    )
    expect(
      await inside(
        'cat /opt/gz/top/README /opt/zip/README /opt/by-var /opt/by-script; /opt/strip/tool; ls /opt/xz/top /opt/zip',
      ),
    ).toBe("read\nread\nplain\ninstalled by it's me\ntool\n/opt/xz/top:\nbin\n\n/opt/zip:\nREADME")
    expect(await stat('/opt/plain', '/opt/xz/top/bin/tool', '/home/user/own/top/README')).toMatch(
      /^\/opt\/plain 600 0:0\n\/opt\/xz\/top\/bin\/tool 700 \S+\n\/home\/user\/own\/top\/README 644 1000:1000$/,
    )
  })

  it('LAY-19 a second build reads from the cache', async () => {
    const before = await requests()
    await succeed(
      `
      cmd('echo everything after this is built anew; mkdir -p /opt/again'),
      download('${url('t.tar.gz')}', { extract: 'tar.gz', to: '/opt/again' }),
      download('${url('plain')}', { to: '/opt/plain' }),
    `,
    )
    expect(await inside('cat /opt/again/top/README /opt/plain')).toBe('read\nplain')
    expect(await requests()).toEqual(before)
  })

  it('LAY-19 LAY-T5 a body that broke off is never used again', async () => {
    const task = `mkdir('/opt/cut'),\ndownload('${url('cut.tar.gz')}', { extract: 'tar.gz', to: '/opt/cut' }),`
    await machine.sh('touch ~/cutting')
    const { exitCode, stderr } = await apply(task)
    expect(exitCode).toBe(1)
    expect(stderr).toContain('curl: (18)')
    expect(stderr).toContain('layers.ts:8:5')
    await machine.sh('rm ~/cutting')
    await succeed(task)
    expect(await inside('cat /opt/cut/top/README')).toBe('read')
    expect((await requests()).filter((path) => path === '/cut.tar.gz')).toHaveLength(2)
  })

  it('a missing file fails at the line that wanted it', async () => {
    const { exitCode, stderr } = await apply(`download('${url('nowhere')}', { to: '/opt/nowhere' }),`)
    expect(exitCode).toBe(1)
    expect(stderr).toContain('layers.ts:7:5')
    expect(stderr).toMatch(/^ *> +7 │ +download\(/m)
    expect(stderr).toContain('404')
  })
})

describe('builders', () => {
  it("LAY-26 LAY-52 a builder of the project's own, at its place in the list", async () => {
    await project.put({
      'layers/one/Makefile': 'install:\n\tmkdir -p $(PREFIX)/bin\n\tid -u > $(PREFIX)/bin/made\n',
      'layers/one/files/x': 'x',
    })
    await succeed(
      `
      cmd('test ! -e ~/.local/bin/made', { user: '\${USER}' }),
      build(),
      cmd('cp ~/.local/bin/made ~/copied', { user: '\${USER}' }),
    `,
    )
    expect(await inside('cat ~/copied')).toBe('1000')
  })
})
