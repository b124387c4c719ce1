import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { generateCatalogue } from './scale.ts'
import { Snippets, root } from './harness.ts'
for (const n of [400, 1000]) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'ovscale-'))
  for (const [f, t] of Object.entries(generateCatalogue(n))) fs.writeFileSync(path.join(dir, f), t)
  fs.writeFileSync(path.join(dir, 'tsconfig.json'), JSON.stringify({ compilerOptions: { target: 'es2023', lib: ['es2024'], module: 'esnext', moduleResolution: 'bundler', types: [], strict: true, exactOptionalPropertyTypes: true, allowImportingTsExtensions: true, skipLibCheck: true, noEmit: true, paths: { ov: [process.env.DSL ?? root + '/dsl/index.ts'] } }, include: ['*.ts'] }))
  for (const tool of ['typescript', 'typescript7']) {
    for (let i = 0; i < 2; i++) {
      const t = performance.now()
      const r = spawnSync(process.execPath, [path.join(root, 'node_modules', tool, 'bin/tsc'), '-p', dir, '--extendedDiagnostics'], { encoding: 'utf8' })
      const dt = performance.now() - t
      const errs = r.stdout.split('\n').filter((l) => /error/.test(l) && !/dsl\/origin/.test(l))
      console.log(n, tool, Math.round(dt), 'ms', r.stdout.match(/(Check time|Instantiations|Memory used|Types|Total time).*/g)?.map((x) => x.replace(/\s+/g, ' ')).join(' | '), 'errors', errs.length, errs.slice(0, 3))
    }
  }
  const s = new Snippets()
  const fl = generateCatalogue(n)
  for (const [f, t] of Object.entries(fl)) if (f !== 'deploy.ts') s.add(t, f)
  const last = Math.floor(n / 5) - 2
  const text = `import { pod, bind } from 'ov'\nimport { image${last} } from './images.ts'\nexport const p = pod({ name: 'p', image: image${last}, volumes: { ` 
  const f = s.add(text, 'x.ts')
  for (const round of ['cold', 'warm', 'after edit', 'after edit 2']) {
    if (round.startsWith('after')) s.add(text + ' '.repeat(round.length), 'x.ts')
    const t = performance.now(); const c = s.complete(f, text.length); console.log(n, 'completion', round, Math.round(performance.now() - t), 'ms', c.names.length)
  }
}
