import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseEnv } from 'node:util'

/** Variables by name. */
export type Variables = Readonly<Record<string, string | undefined>>

/** Hold secrets: no program that ov starts gets them, however long it stays. (ENC-31) */
const SEALED = ['GOCRYPTFS_PASSWORD', 'OV_KDBX_PASSWORD'] as const

const sealed: Record<string, string> = {}

/** Takes variables that hold secrets out of the environment, before any program is started: whoever looks into that finds them no more. (ENC-31) */
export function sealEnvironment(): void {
  for (const name of SEALED) {
    const value = process.env[name]
    if (value === undefined) continue
    sealed[name] = value
    delete process.env[name]
  }
}

let beneath: Variables | undefined

/** What `.env` in the working directory says. (SET-06) */
function dotEnv(): Variables {
  if (beneath) return beneath
  let text = ''
  try {
    text = readFileSync(resolve('.env'), 'utf8')
  } catch {
    // most directories have none
  }
  return (beneath = parseEnv(text))
}

/** The operator's variables, and beneath them those of `.env` in the working directory. (SET-06) */
export const operatorVariables = (): Variables => ({ ...dotEnv(), ...process.env, ...sealed })

/** Whether a variable comes from `.env`. */
export const isFromDotEnv = (name: string): boolean =>
  process.env[name] === undefined && sealed[name] === undefined && dotEnv()[name] !== undefined
