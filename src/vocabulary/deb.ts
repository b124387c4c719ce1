import type { DebSection } from '../../dsl/packages.ts'
import { definePackageFormat, type RunStep } from '../../dsl/vocabulary.ts'
import { shellWord } from '../format/shell.ts'

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
      const keyring = repo.signedBy ?? (repo.key === undefined ? undefined : `/etc/apt/keyrings/${repo.name}.gpg`)
      if (repo.key !== undefined)
        prepare.push(`curl -fsSL ${quote(repo.key)} | gpg --dearmor --yes -o ${shellWord(keyring ?? '')}`)
      if (repo.url !== undefined) {
        const suite = repo.suite ?? 'stable'
        const words = [
          'deb',
          ...(keyring === undefined ? [] : [`[signed-by=${keyring}]`]),
          repo.url,
          suite,
          ...(suite === '/' ? [] : [repo.components ?? 'main']),
        ]
        prepare.push(`echo ${quote(words.join(' '))} > /etc/apt/sources.list.d/${repo.name}.list`)
      }
      if (repo.ppa !== undefined) prepare.push(`add-apt-repository -y ${quote(`ppa:${repo.ppa}`)}`)
    }
    return { prepare, install: [{ command: [install, ...options].join(' '), items: packages }] }
  },
})
