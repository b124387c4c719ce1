import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startMachine, type TestMachine, type TestProject } from './machine.ts'
import { REGISTRY, startRegistry } from './registry.ts'

const version = '2026.320.1200'

const files = (note = 'one') => ({
  'deploy.ts': `import { cmd, image, layer, write } from 'ov'
import { stock } from './stock.ts'
const files = layer({ name: 'files', version: '${version}', volumes: { notes: '/notes' }, data: [{ src: 'notes', volume: 'notes' }] })
const note = layer({ name: 'note', version: '${version}', tasks: [write('/note', { content: '${note}' }), cmd('date +%s%N > /made')] })
export const data = image({ name: 'data', dataImage: true, layers: [files], registry: '${REGISTRY}/team' })
export const app = image({ name: 'app', base: stock, layers: [note], registry: '${REGISTRY}/team' })
export const home = image({ name: 'home', base: stock, layers: [note] })
`,
  'notes/a.md': 'a\n',
})

let machine: TestMachine
let project: TestProject
let here: string
beforeAll(async () => {
  machine = await startMachine('engines')
  await startRegistry(machine)
  here = `linux/${(await machine.sh('uname -m')) === 'x86_64' ? 'amd64' : 'arm64'}`
  project = await machine.project('engines', files())
})
afterAll(() => machine?.bed.down())

/** Tags of images: podman keeps its cache there, too, under hashes. */
const tagsIn = async (name: string) =>
  (
    JSON.parse(await machine.sh(`curl -fsS http://${REGISTRY}/v2/team/${name}/tags/list`)) as { tags: string[] }
  ).tags.filter((tag) => tag.length < 64)
const references = (name: string, engine = 'podman') =>
  machine.sh(`${engine} images --format '{{.Repository}}:{{.Tag}}' | grep '/${name}:' | sort || true`)

describe('tags', () => {
  it('IMG-152 --tag gives what is there another tag, and builds nothing', async () => {
    await project.done('image build home')
    const first = await references('home')
    const { stderr } = await project.done('image build home --tag release-1')
    expect(stderr).toContain(`home: localhost/home:release-1 is ${first}, tagged`)
    expect(stderr).not.toContain('built')
    expect(await machine.sh("podman images --format '{{.Id}}' localhost/home | sort -u | wc -l")).toBe('1')
    expect((await project.done('image build home --tag release-1')).stderr).toContain(
      'home: localhost/home:release-1 is up to date',
    )
  })
})

describe('push and pull', () => {
  it('IMG-183 an image without a registry has nowhere to go, and is not built for it', async () => {
    const { exitCode, stderr } = await project.ov('image build home --push')
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringMatching(/OV5022: image "home": has no registry[^]*deploy\.ts:7:/),
    ])
  })
  it('IMG-183 --push builds, and pushes what it built; again, it only pushes', async () => {
    const { stderr } = await project.done(`image build app --push --platform ${here}`)
    const [tag] = await tagsIn('app')
    expect(stderr).toContain(`app: pushing ${REGISTRY}/team/app:${tag}`)
    const again = (await project.done(`image build app --push --platform ${here}`)).stderr
    expect(again).not.toContain('built')
    expect(await tagsIn('app')).toEqual([tag])
  })
  it('IMG-183 all platforms of an image become one list', async () => {
    await project.done('image build data --push --tag 1')
    const index = JSON.parse(
      await machine.sh(
        `curl -fsS -H 'Accept: application/vnd.oci.image.index.v1+json' http://${REGISTRY}/v2/team/data/manifests/1`,
      ),
    ) as { manifests: { platform: { os: string; architecture: string } }[] }
    expect(index.manifests.map(({ platform }) => `${platform.os}/${platform.architecture}`).sort()).toEqual([
      'linux/amd64',
      'linux/arm64',
    ])
    // Under the same tag once more: the list is made anew.
    await project.done('image build data --push --tag 1')
  })
  it('IMG-181 --platform builds for another machine, beside what is there for this one', async () => {
    await project.done('image build data')
    const other = here === 'linux/amd64' ? 'linux/arm64' : 'linux/amd64'
    await project.done(`image build data --platform ${other} --tag foreign`)
    expect(await machine.sh(`podman image inspect --format '{{.Architecture}}' ${REGISTRY}/team/data:foreign`)).toBe(
      other.slice('linux/'.length),
    )
    expect((await project.done('image build data')).stderr).toContain('is up to date')
  })
  it('IMG-181 a base of this machine is for no other', async () => {
    const other = here === 'linux/amd64' ? 'linux/arm64' : 'linux/amd64'
    const { exitCode, stderr } = await project.ov(`image build app --platform ${other}`)
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('OV5023')])
  })
  it('IMG-154 IMG-189 pull finds the newest version in the registry, and starts nothing', async () => {
    const reference = `${REGISTRY}/team/app`
    const [tag] = await tagsIn('app')
    await machine.sh(`set -e; podman tag ${reference}:${tag} ${reference}:2020.9.1; podman push -q ${reference}:2020.9.1
      podman rmi -f ${reference}:${tag} ${reference}:2020.9.1 >/dev/null`)
    const { stderr } = await project.done('image pull app')
    expect(stderr).toBe(`pulling ${reference}:${tag}\n${reference}:${tag} is here, version ${version}`)
    expect(await references('app')).toBe(`${reference}:${tag}`)
    expect((await project.done('image pull app:2020.9.1')).stderr).toContain(`${reference}:2020.9.1 is here`)
    expect((await project.done('image build app')).stderr).toContain(`app: ${reference}:${tag} is up to date`)
    expect(await machine.sh('podman ps -aq')).toBe('')
  })
  it('IMG-148 IMG-189 what can not be pulled', async () => {
    expect((await project.ov('image pull home')).stderr).toMatch(
      /OV5021: image "home": has no registry[^]*deploy\.ts:7:/,
    )
    expect((await project.ov('image pull nobody')).stderr).toContain('unknown image "nobody"')
    expect(await project.ov(`image pull ${REGISTRY}/team/none:1`)).toMatchObject({ exitCode: 1 })
    expect(await project.ov('image pull @github.com/org/repo/web')).toMatchObject({ exitCode: 64 })
    await project.put({
      'other.ts': `import { pod } from 'ov'\nexport const far = pod({ name: 'far', image: '${REGISTRY}/team/far:1' })\n`,
    })
    const { exitCode, stderr } = await project.ov('apply -p other.ts')
    expect(exitCode).toBe(1)
    expect(stderr).toContain(`image "${REGISTRY}/team/far:1" is not available locally`)
    expect(stderr).toContain(`run 'ov image pull ${REGISTRY}/team/far:1' to fetch it first`)
  })
  it('IMG-183 a registry that is not there is asked three times', async () => {
    await machine.bed.exec(['systemctl', 'stop', 'docker-registry'], { user: 'root' })
    const { exitCode, stderr } = await project.ov(`image build app --push --platform ${here} --cache none`)
    expect(exitCode).toBe(1)
    expect(stderr.match(/^app: pushing /gm)).toHaveLength(3)
    expect(stderr).toContain('trying again in 5 s')
    expect(stderr).toContain('trying again in 10 s')
    expect(stderr).toContain('OV5022')
    await machine.bed.exec(['systemctl', 'start', 'docker-registry'], { user: 'root' })
  })
})

describe('docker', () => {
  beforeAll(async () => {
    await machine.bed.exec(
      [
        ...['sh', '-ec'],
        'apt-get install -qq --no-install-recommends docker.io docker-cli docker-buildx >/dev/null; usermod -aG docker op; systemctl restart docker',
      ],
      { user: 'root' },
    )
  })
  const ov = (args: string) => project.ov(args)
  const docker = (args: string) => machine.sh(`docker ${args}`)

  it('IMG-20 IMG-185 builds the same images in its own storage, bases and their packages included', async () => {
    const { exitCode, stderr } = await ov('image build home --engine docker')
    expect([exitCode, stderr]).toEqual([0, expect.stringMatching(/^home: built localhost\/home:\S+ in \d+ s/m)])
    const [, tag] = /^home: built localhost\/home:(\S+)/m.exec(stderr) ?? []
    expect(await docker(`run --rm localhost/home:${tag} cat /note`)).toBe('one')
    expect(stderr).toMatch(/^home: \d+\/\d+ COPY to \/note$/m)
    const again = await ov('image build home --engine docker')
    expect(again.stderr).toContain(`home: localhost/home:${tag} is up to date`)
    // Nothing of this machine stays in the image.
    expect(await docker(`run --rm localhost/home:${tag} sh -c "cat /etc/apt/sources.list.d/* | wc -c"`)).toBe('0')
  })
  it('IMG-183 IMG-185 pushes while it builds', async () => {
    const { exitCode, stderr } = await ov(
      `image build app --engine docker --push --platform ${here} --tag docker-1 --cache none`,
    )
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining('app: built')])
    expect(await tagsIn('app')).toContain('docker-1')
  })
  it('IMG-180 a step that fails is shown where it was written', async () => {
    await project.put({ 'deploy.ts': files()['deploy.ts'].replace('date +%s%N', 'echo said this; false') })
    const { exitCode, stderr } = await ov('image build home --engine docker')
    expect(exitCode).toBe(1)
    expect(stderr).toContain('OV5003')
    expect(stderr).toMatch(/deploy\.ts:4:/)
    await project.put(files())
  })
  it('IMG-185 an engine that is none, and one that is not there', async () => {
    expect(await project.ov('image build home --engine buildah')).toMatchObject({ exitCode: 64 })
    const lost = await project.ov('image build home', { env: { OV_BUILD_ENGINE: 'nothing' } })
    expect([lost.exitCode, lost.stderr]).toEqual([
      1,
      expect.stringContaining('OV_BUILD_ENGINE is "nothing", and has to be one of auto, docker, podman'),
    ])
    await machine.sh('rm -rf ~/few; mkdir ~/few; ln -s /usr/bin/* ~/few/; rm ~/few/docker')
    const absent = await project.ov('image build home --engine docker', {
      env: { PATH: '/home/op/few:/usr/local/bin' },
    })
    expect([absent.exitCode, absent.stderr]).toEqual([1, expect.stringContaining('docker is not installed')])
  })
})
