import { createHash } from 'node:crypto'

/** What identifies a deploy: where it goes, and what is installed there, in order. */
export interface DeployIdentity {
  /** How ledgers name the target: `host`, `host:<name>`, `vm:<entity>`, `pod:<name>`. (HOST-41) */
  readonly target: string
  readonly image: string
  readonly layers: readonly string[]
  readonly addLayers?: readonly string[]
}

/** Name of a deploy in ledgers: equal for equal content in equal order, different for two deploys of one image. (PLAN-27) */
export function deployId({ target, image, layers, addLayers = [] }: DeployIdentity): string {
  const list = (items: readonly string[]) => items.map((item) => `${item}\0`).join('')
  const text = `${list([target, image, ...layers])}\x01${list(addLayers)}`
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}
