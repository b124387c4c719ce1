import type { DebSection } from '../../dsl/packages.ts'
import { definePackageFormat, type RunStep } from '../../dsl/vocabulary.ts'
import { shellWord } from '../format/shell.ts'

const NONINTERACTIVE = 'DEBIAN_FRONTEND=noninteractive'

/** Packages of Debian and its relatives, installed with apt. (IMG-31) */
export const deb = definePackageFormat({
  name: 'deb',
  fields: {
    repos: {
      name: 'required',
      url: 'text',
      suite: 'text',
      components: 'text',
      key: 'text',
      signedBy: 'text',
      ppa: 'text',
    },
  },
  needPackages: ['repos'],
  commands: (section, { install, quote }) => {
    const { repos = [], packages, options = [] } = section as DebSection
    const prepare: RunStep[] = []
    if (repos.some((repo) => repo.key !== undefined)) prepare.push('mkdir -p /etc/apt/keyrings')
    for (const repo of repos) {
      const keyring = keyringOf(repo)
      if (repo.key !== undefined)
        prepare.push(`curl -fsSL ${quote(repo.key)} | gpg --dearmor --yes -o ${shellWord(keyring ?? '')}`)
      if (repo.url !== undefined)
        prepare.push(`echo ${quote(sourceLine(repo))} > /etc/apt/sources.list.d/${repo.name}.list`)
      if (repo.ppa !== undefined) prepare.push(`add-apt-repository -y ${quote(`ppa:${repo.ppa}`)}`)
    }
    return { prepare, install: [{ command: [install, ...options].join(' '), items: packages }] }
  },
  host: {
    commands: (section, { quote }) => {
      const { repos = [], packages, options = [] } = section as DebSection
      const prepare: RunStep[] = []
      if (repos.some((repo) => repo.key !== undefined)) prepare.push('mkdir -p /etc/apt/keyrings')
      for (const repo of repos) {
        if (repo.key !== undefined)
          prepare.push(`curl -fsSL ${quote(repo.key)} | gpg --dearmor --yes -o ${shellWord(keyringOf(repo) ?? '')}`)
        if (repo.ppa !== undefined) prepare.push(`add-apt-repository -y ${quote(`ppa:${repo.ppa}`)}`)
      }
      const install = `${NONINTERACTIVE} apt-get install -y`
      return {
        prepare,
        install: [`${NONINTERACTIVE} apt-get update`, { command: [install, ...options].join(' '), items: packages }],
      }
    },
    files: (section) =>
      Object.fromEntries(
        ((section as DebSection).repos ?? []).flatMap((repo) =>
          repo.url === undefined ? [] : [[`/etc/apt/sources.list.d/${repo.name}.list`, `${sourceLine(repo)}\n`]],
        ),
      ),
    creates: (section) =>
      ((section as DebSection).repos ?? []).flatMap((repo) => (repo.key === undefined ? [] : [keyringOf(repo) ?? ''])),
    installed: "dpkg-query -W -f='${db:Status-Status} ${Package}\\n' | sed -n 's/^installed //p'",
    automatic: 'apt-mark showauto',
    remove: `${NONINTERACTIVE} apt-get purge -y`,
    removes: 'apt-get -s purge -y -- "$@" | sed -n \'s/^\\(Purg\\|Remv\\) \\([^ :]*\\).*/\\2/p\'',
    unneeded: "apt-get -s autoremove | sed -n 's/^Remv \\([^ :]*\\).*/\\1/p'",
    setAutomatic: 'apt-mark auto',
  },
})

type DebRepo = NonNullable<DebSection['repos']>[number]

const keyringOf = ({ name, key, signedBy }: DebRepo): string | undefined =>
  signedBy ?? (key === undefined ? undefined : `/etc/apt/keyrings/${name}.gpg`)

function sourceLine(repo: DebRepo): string {
  const keyring = keyringOf(repo)
  const suite = repo.suite ?? 'stable'
  return [
    'deb',
    ...(keyring === undefined ? [] : [`[signed-by=${keyring}]`]),
    repo.url,
    suite,
    ...(suite === '/' ? [] : [repo.components ?? 'main']),
  ].join(' ')
}
