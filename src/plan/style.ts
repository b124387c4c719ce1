/** Advice on layers that work, but don't make use of what ov does better: warnings only. */
import { simpleCommands } from '../format/index.ts'
import type { LayerModel, Vocabulary } from '../model/project.ts'
import type { LayerContext } from './layer.ts'

/** What a command of a script is about, and what to write instead. */
interface Advice {
  readonly message: string
  readonly remedy: string
}

const MANIFEST = 'a pixi.toml, pyproject.toml or environment.yml of the layer'
const SECTION: Readonly<Record<string, string>> = {
  apt: 'deb',
  'apt-get': 'deb',
  dnf: 'rpm',
  dnf5: 'rpm',
  microdnf: 'rpm',
  yum: 'rpm',
  pacman: 'pac',
  yay: 'aur',
}

const OF_INTEREST = new RegExp(`\\b(pip|conda|pixi|uv|npm|${Object.keys(SECTION).join('|')})`)

/** Warns about what is better said in a field. (LAY-51, LAY-74) */
export function checkStyle(layer: LayerModel, vocabulary: Vocabulary, report: LayerContext['report']): void {
  for (const [index, task] of (layer.data.tasks ?? []).entries())
    // Reading a script costs more than a look whether anything of interest is in it.
    if ('cmd' in task && OF_INTEREST.test(task.cmd))
      for (const words of simpleCommands(task.cmd)) {
        const advice = adviceOn(words)
        if (advice)
          report(`tasks[${index}].cmd`, 'OV2034', `tasks[${index}]: cmd ${advice.message}`, advice.remedy, 'warning')
      }
  const installs = ['tags', ...vocabulary.formats.keys()].some((field) => field in layer.data)
  for (const [index, { usePackaged }] of (layer.data.services ?? []).entries())
    if (usePackaged !== undefined && !installs)
      report(
        `services[${index}].usePackaged`,
        'OV2035',
        `services[${index}]: the layer installs no packages that could bring the unit ${usePackaged}`,
        'install its package in this layer',
        'warning',
      )
}

function adviceOn(words: readonly string[]): Advice | undefined {
  const [path = '', ...all] = words
  const program = path.replace(/^.*\//, '')
  if (/^python[\d.]*$/.test(program) && all[0] === '-m' && all[1] === 'pip') return adviceOn(all.slice(1))
  const args = all.filter((word) => !word.startsWith('-'))
  const flags = all.filter((word) => word.startsWith('-'))
  const installs = (...verb: readonly string[]) =>
    verb.every((word, index) => args[index] === word) && args.slice(verb.length).some(isPackage)
  const python = (what: string): Advice => ({ message: `installs with ${what}`, remedy: `list it in ${MANIFEST}` })
  if (
    /^pip[\d.]*$/.test(program) &&
    installs('install') &&
    !flags.some((flag) => /^(-r|-e|--requirement|--editable)/.test(flag))
  )
    return python('pip')
  if (program === 'conda' && installs('install')) return python('conda')
  if (program === 'pixi' && installs('global', 'install')) return python('pixi global')
  if (program === 'uv' && installs('tool', 'install')) return python('uv tool')
  if (
    program === 'npm' &&
    (installs('install') || installs('i')) &&
    flags.some((flag) => flag === '-g' || flag === '--global')
  )
    return { message: 'installs with npm', remedy: 'list it in a package.json of the layer' }
  if ((/^dnf5?$/.test(program) && args[0] === 'clean') || (program === 'pacman' && flags.includes('-Scc')))
    return {
      message: `empties the cache of ${program}`,
      remedy: 'leave it out: package caches are mounts, and never in the image',
    }
  const section = SECTION[program]
  if (section === undefined) return undefined
  const packages =
    program === 'pacman' || program === 'yay'
      ? flags.some((flag) => /^-S[yu]*$/.test(flag))
        ? args
        : []
      : args[0] === 'install'
        ? args.slice(1)
        : []
  if (!packages.some(isPackage)) return undefined
  return packages.some((name) => name.startsWith('python3-'))
    ? {
        message: `installs Python packages with ${program}`,
        remedy: `list them in ${MANIFEST}, or in ${section}.packages`,
      }
    : { message: `installs packages with ${program}`, remedy: `list them in ${section}.packages` }
}

/** A name out of a registry; files, addresses and what only the shell knows are for the script to handle. */
const isPackage = (word: string): boolean =>
  !/^[./~$]|:\/\/|\.(whl|rpm|deb|tgz|tar\.\w+|zst|txt)$/.test(word) && (!word.includes('/') || word.startsWith('@'))
