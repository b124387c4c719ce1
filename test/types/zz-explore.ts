import { Snippets } from '/work/main/test/types/harness.ts'
const pre = `import { layer, image, pod, bind, provided, cmd, mkdir, copy, download, service, link, write, setcap, build, debootstrap, type AnyLayer, type AnyImage, type LayerSpec, type Task } from 'ov'
const db = layer({ name: 'a', version: '1.1.1', volumes: { data: '/d' }, ports: [80, 'udp:53', 'tcp:5432'], envRequires: { DB: 'x', L: { description: 'd', default: 'x' } }, envAccepts: { OPT: 'y' } })
const web = image({ name: 'i', base: 'docker.io/library/debian:13', layers: [db] })
const plain = image({ name: 'i', base: 'docker.io/library/debian:13' })
`
const list: Record<string, string> = {
  noVolumes: `pod({ name: 'p', image: plain, volumes: { x: bind() }, ports: { 80: 80 } })`,
  anyImage: `function f(i: AnyImage) { return pod({ name: 'p', image: i }) }`,
  unionImage: `declare const c: boolean; pod({ name: 'p', image: c ? web : plain, env: { DB: '' } }); pod({ name: 'p', image: c ? web : plain })`,
  twoVerbs: `layer({ name: 'a', version: '1', tasks: [{ cmd: 'x', mkdir: '/y' }, { cmd: 'x', to: '/y' }] })`,
  noVerb: `layer({ name: 'a', version: '1', tasks: [{ user: 'x' }] })`,
  twoService: `layer({ name: 'a', version: '1', services: [{ name: 'x', exec: 'a', usePackaged: 'b' }] }); service({ name: 'x', exec: 'a', usePackaged: 'b' })`,
  contractTypo: `layer({ name: 'a', version: '1', envRequires: { A: { description: 'd', defualt: 'x' } } })`,
  secretTypo: `layer({ name: 'a', version: '1', secretRequires: { A: { description: 'd', kee: 'x' } } })`,
  imageInDepends: `layer({ name: 'a', version: '1', depends: [web] })`,
  layerAsBase: `image({ name: 'a', base: db })`,
  layerAsImage: `pod({ name: 'a', image: db })`,
  podInLayers: `image({ name: 'a', base: 'x', layers: [pod({ name: 'p', image: 'x' })] })`,
  version: `layer({ name: 'a', version: 2026.1 })`,
  lists: `layer({ name: 'a', version: '1', volumes: ['data'], env: ['A=b'] })`,
  listContracts: `layer({ name: 'a', version: '1', envRequires: ['A'] })`,
  podLists: `pod({ name: 'a', image: web, volumes: ['data'], env: ['A=b'], ports: ['80:80'] })`,
  envMissing: `pod({ name: 'a', image: web, env: { OPT: 'x' } })`,
  envWhole: `pod({ name: 'a', image: web })`,
  envType: `pod({ name: 'a', image: web, env: { DB: 5 } })`,
  podField: `pod({ name: 'a', image: web, env: { DB: 'x' }, port: {} })`,
  imageField: `image({ name: 'a', base: 'x', layer: [] })`,
  layerField: `layer({ name: 'a', version: '1', depend: [] })`,
  cmdOption: `cmd('x', { usr: 'root' }); mkdir('/x', { owner: 'x' }); copy('x', { too: '/x' }); copy('x')`,
  extract: `download('x', { extract: 'tgz' })`,
  status: `layer({ name: 'a', version: '1', status: 'workin' })`,
  port: `layer({ name: 'a', version: '1', ports: ['80', 'tpc:80', 'tcp:x'] })`,
  portTarget: `pod({ name: 'a', image: web, env: { DB: 'x' }, ports: { 80: 'http' } })`,
  portTcp: `pod({ name: 'a', image: web, env: { DB: 'x' }, ports: { '80/tcp': 80 , 53: 53 } })`,
  generic: `function deco<L extends AnyLayer>(l: L) { return layer({ name: 'd', version: '1', depends: [l], volumes: { extra: '/e' } }) }
const w2 = image({ name: 'x', base: plain, layers: [deco(db)] }); pod({ name: 'p', image: w2, env: { DB: '' }, volumes: { data: bind(), extra: bind() } })
pod({ name: 'p', image: w2, env: { DB: '' }, volumes: { nope: bind() } })`,
  backing: `pod({ name: 'a', image: web, env: { DB: 'x' }, volumes: { data: '/srv' } })`,
  security: `layer({ name: 'a', version: '1', security: { capadd: [] } })`,
  volumeNum: `layer({ name: 'a', version: '1', volumes: { data: 5 } })`,
  dirname: `layer({ name: 'a', version: '1', directory: import.meta.dirname })`,
  typoEnvBase: `image({ name: 'a' })`,
}
const s = new Snippets()
const files = Object.entries(list).map(([k, v]) => [k, s.add(pre + v, k + '.ts')])
console.time('all')
for (const [k, f] of files) {
  console.log('##', k)
  for (const m of s.messages(f!)) console.log(`  ${m.line - 4} TS${m.code} [${m.at}] ${m.text}`)
}
console.timeEnd('all')
