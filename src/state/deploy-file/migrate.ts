import { isMap, isSeq, parseDocument, type Document, type YAMLMap } from 'yaml'
import { DiagnosticError } from '../../diagnostics/diagnostic.ts'
import { isMap as isPlainMap } from './fields.ts'

const refuse = (message: string, remedy: string): never => {
  throw new DiagnosticError([{ code: 'OV6004', severity: 'error', message, remedy }])
}

/**
 * The text of a `deploy.yml` from before its fourth version, in today's form; undefined where there is nothing to convert. Whatever is not renamed
 * stays as it is. (POD-15)
 */
export function migrated(text: string, path: string): string | undefined {
  const document = parseDocument(text, { stringKeys: true })
  const [problem] = document.errors
  if (problem) refuse(`${path}: ${problem.message.split('\n')[0]}`, 'correct it first')
  const images: unknown = document.get('images', true)
  if (images === undefined) return undefined
  if (!isMap(images)) return refuse(`${path}: images is not a map`, 'correct it first')
  const deploys: unknown = document.get('deploy', true)
  if (deploys !== undefined && !isMap(deploys)) return refuse(`${path}: deploy is not a map`, 'correct it first')
  const target = deploys ?? document.createNode({})
  for (const { key, value } of images.items) {
    const name = String(key)
    if (target.has(name))
      refuse(`${path}: "${name}" stands both under images and under deploy`, 'keep one of them, and run it again')
    const entry = isMap(value) ? value : document.createNode({})
    convert(document, entry, name)
    target.set(document.createNode(name), entry)
  }
  target.flow = false
  document.delete('images')
  document.set('version', 4)
  document.set('deploy', target)
  return document.toString({ lineWidth: 0, flowCollectionPadding: false })
}

function convert(document: Document, entry: YAMLMap, name: string): void {
  entry.flow = false
  if (!entry.has('target')) entry.set('target', 'pod')
  if (!entry.has('image')) entry.set('image', name)
  const mounts: unknown = entry.get('bind_mounts', true)
  const workspace: unknown = entry.get('workspace')
  const moved = isSeq(mounts) ? (mounts.toJS(document) as unknown[]).filter(isPlainMap) : []
  const volumes = moved.map(({ encrypted, ...mount }) => ({
    type: encrypted === true ? 'encrypted' : 'bind',
    ...mount,
  }))
  if (typeof workspace === 'string' && workspace !== '')
    volumes.push({ type: 'bind', ...{ name: 'workspace', host: workspace, path: '/workspace' } })
  if (volumes.length === 0) return
  const before: unknown = entry.get('volumes', true)
  const nodes = volumes.map((volume) => document.createNode(volume))
  if (isSeq(before)) before.items.push(...nodes)
  else entry.set('volumes', document.createNode(volumes))
  entry.delete('bind_mounts')
  entry.delete('workspace')
}
