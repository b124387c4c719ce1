import { host } from 'ov'
import { notes, tools } from './layers.ts'

/** This machine. `ov diff` shows what it would change, `ov apply` does it, `ov destroy workstation` takes all of it back. */
export const workstation = host({
  name: 'workstation',
  layers: [tools, notes],
  env: { EDITOR: 'nano' },
  installOpts: { withServices: true },
})
