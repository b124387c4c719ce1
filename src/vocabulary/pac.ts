import type { PacSection } from '../../dsl/packages.ts'
import { definePackageFormat, type RunStep } from '../../dsl/vocabulary.ts'
import { quoteSingle, shellWord } from '../format/shell.ts'

/** A key is received, and trusted by a signature of the image's own. */
const trust = (key: string): RunStep[] => [
  `pacman-key --recv-keys ${shellWord(key)}`,
  `pacman-key --lsign-key ${shellWord(key)}`,
]

/** Text within printf's format, of which only its own escapes mean something. */
const literal = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('%', '%%')

/** Packages of Arch and its relatives, installed with pacman. (IMG-32) */
export const pac = definePackageFormat({
  name: 'pac',
  fields: { repos: { name: 'required', server: 'required', siglevel: 'text', key: 'text' }, keys: 'words' },
  needPackages: ['repos', 'keys'],
  commands: (section, { install }) => {
    const { repos = [], keys = [], packages, options = [] } = section as PacSection
    const prepare: RunStep[] = keys.flatMap(trust)
    for (const { name, server, siglevel = 'Optional TrustAll', key } of repos) {
      const lines = [`[${name}]`, `Server = ${server}`, `SigLevel = ${siglevel}`].map((line) => `${literal(line)}\\n`)
      prepare.push(`printf ${quoteSingle(lines.join(''))} >> /etc/pacman.conf`)
      if (key !== undefined) prepare.push(...trust(key))
    }
    prepare.push('(pacman-key --populate 2>/dev/null || true)')
    return { prepare, install: [{ command: [install, ...options].join(' '), items: packages }] }
  },
  host: {
    commands: (section) => {
      const { repos = [], keys = [], packages, options = [] } = section as PacSection
      return {
        prepare: [...keys, ...repos.flatMap(({ key }) => key ?? [])].flatMap(trust),
        // A whole upgrade of the machine is not for a layer to decide. (HOST-09)
        install: [{ command: ['pacman -Sy --noconfirm --needed', ...options].join(' '), items: packages }],
      }
    },
    blocks: (section) =>
      ((section as PacSection).repos ?? []).map(({ name, server, siglevel = 'Optional TrustAll' }) => ({
        path: '/etc/pacman.conf',
        name: `repository ${name}`,
        text: `[${name}]\nServer = ${server}\nSigLevel = ${siglevel}\n`,
      })),
    installed: 'pacman -Qq',
    automatic: 'pacman -Qqd || true',
    // Not what it needs as well: some of that may have been there before, needed by nothing.
    remove: 'pacman -R --noconfirm',
    removes: 'pacman -Rcp --print-format %n -- "$@"',
    unneeded: 'pacman -Qqtd || true',
    setAutomatic: 'pacman -D --asdeps',
  },
})
