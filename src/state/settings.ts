import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { readConfigFile } from './config-file.ts'

/** What an operator may set for a whole machine: a key of `config.yml`, or a variable, which is stronger. (SET-01) */
const SETTINGS = {
  /** What runs containers. (POD-37) */
  'engine.run': { variable: 'OV_RUN_ENGINE', values: ['auto', 'docker', 'podman'] },
  /** Whether deploys are units of systemd, or containers alone. (POD-36) */
  run_mode: { variable: 'OV_RUN_MODE', values: ['auto', 'direct', 'quadlet'] },
  /** Address that ports are published on unless they say one. (POD-64) */
  bind_address: { variable: 'OV_BIND_ADDRESS', values: ['127.0.0.1', '0.0.0.0'] },
  /** Whether `ov start` sets up what is not set up yet. (POD-125) */
  auto_enable: { variable: 'OV_AUTO_ENABLE', values: ['true', 'false'] },
} as const

type Settings = typeof SETTINGS
type Value<K extends keyof Settings> = Settings[K]['values'][number]

/** The value of a setting: its variable, else `config.yml`, else the first of its values. A value that is none is an error. (SET-03) */
export function setting<K extends keyof Settings>(
  key: K,
  configFile: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Value<K> {
  const { variable, values } = SETTINGS[key]
  const given = env[variable] || readConfigFile(configFile).getIn(key.split('.')) || values[0]
  // YAML has words that are no texts.
  const text = typeof given === 'boolean' ? String(given) : given
  const value = values.find((one) => one === text)
  if (value === undefined)
    throw new DiagnosticError([
      {
        code: 'OV6009',
        severity: 'error',
        message: `${env[variable] ? variable : `${configFile}: ${key}`} is ${JSON.stringify(given)}, and has to be one of ${values.join(', ')}`,
        remedy: 'correct it, or leave it out',
      },
    ])
  return value
}
