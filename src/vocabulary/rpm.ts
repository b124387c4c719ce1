import type { RpmSection } from '../../dsl/packages.ts'
import { definePackageFormat, type RunStep } from '../../dsl/vocabulary.ts'
import { quoteSingle, shellWord } from '../format/shell.ts'

/** Packages of Fedora, installed with dnf 5. (IMG-30) */
export const rpm = definePackageFormat({
  name: 'rpm',
  fields: {
    copr: 'words',
    repos: { name: 'required', url: 'text', rpm: 'text', gpgkey: 'text', gpgcheck: 'flag' },
    exclude: 'words',
    modules: 'words',
  },
  needPackages: ['copr', 'repos', 'modules'],
  commands: (section, { quote }) => commandsFor(section, quote, true),
  host: {
    commands: (section, { quote }) => commandsFor(section, quote, false),
    files: (section) =>
      Object.fromEntries(
        ((section as RpmSection).repos ?? []).flatMap((repo) =>
          hasOwnFile(repo) ? [[fileOf(repo), `${linesOf(repo).join('\n')}\n`]] : [],
        ),
      ),
    creates: (section) =>
      ((section as RpmSection).repos ?? []).flatMap((repo) =>
        repo.url?.endsWith('.repo') ? [`/etc/yum.repos.d/${repo.url.replace(/^.*\//s, '')}`] : [],
      ),
    installed: "rpm -qa --qf '%{NAME}\\n'",
    automatic: "dnf -q repoquery --installed --qf '%{name} %{reason}\\n' | sed -n 's/ \\(Weak \\)\\?Dependency$//p'",
    // What nothing needs any more is found out afterwards: some of it may have been there before.
    remove: 'dnf remove -y --no-autoremove',
    removes: `printf '%s\\n' "$@"; for name; do dnf -q repoquery --installed --recursive --whatrequires "$name" --qf '%{name}\\n'; done`,
    unneeded: "dnf -q repoquery --installed --unneeded --qf '%{name}\\n'",
    setAutomatic: 'dnf mark dependency -y',
  },
})

type RpmRepo = NonNullable<RpmSection['repos']>[number]

/** Whether ov writes the file of a repository itself. */
const hasOwnFile = ({ url }: RpmRepo): boolean => url !== undefined && !url.endsWith('.repo')
const fileOf = ({ name }: RpmRepo): string => `/etc/yum.repos.d/${name}.repo`

/** It is enabled for one installation at a time. (HOST-10) */
const linesOf = ({ name, url, gpgkey, gpgcheck = true }: RpmRepo): string[] => [
  `[${name}]`,
  `name=${name}`,
  `baseurl=${url}`,
  'enabled=0',
  `gpgcheck=${gpgcheck ? 1 : 0}`,
  ...(gpgkey === undefined ? [] : [`gpgkey=${gpgkey}`]),
]

/** What installs a section; `files` are written by the commands where nobody else does. */
function commandsFor(section: RpmSection, quote: (text: string) => string, files: boolean) {
  const { repos = [], copr = [], modules = [], exclude = [], options = [], packages } = section
  const prepare: RunStep[] = []
  for (const repo of repos) if (repo.rpm !== undefined) prepare.push(`dnf install -y ${quote(repo.rpm)}`)
  if (copr.length > 0 || repos.some((repo) => repo.url !== undefined)) prepare.push('dnf install -y dnf5-plugins')
  for (const repo of repos) {
    const { name, url, gpgkey, gpgcheck = true } = repo
    if (url === undefined) continue
    if (url.endsWith('.repo')) {
      prepare.push(
        `{ dnf5 config-manager addrepo --from-repofile=${quote(url)} 2>/dev/null || true; }`,
        `dnf5 config-manager setopt ${quote(`${name}.enabled=0`)}`,
      )
    } else {
      if (files) prepare.push(`printf '%s\\n' ${linesOf(repo).map(quoteSingle).join(' ')} > ${fileOf(repo)}`)
    }
    if (gpgkey !== undefined) prepare.push(`{ rpm --import ${quote(gpgkey)} || true; }`)
    if (url.endsWith('.repo') && !gpgcheck) prepare.push(`dnf5 config-manager setopt ${quote(`${name}.gpgcheck=0`)}`)
  }
  for (const project of copr) prepare.push(`dnf5 copr enable -y ${shellWord(project)}`)
  for (const module of modules)
    prepare.push(
      `dnf module reset -y ${shellWord(module.replace(/:.*$/s, ''))}`,
      `dnf module enable -y ${shellWord(module)}`,
    )
  const enabled = repos.filter((repo) => repo.url !== undefined).map((repo) => `--enable-repo=${quote(repo.name)}`)
  const excluded = exclude.map((name) => `--exclude=${quoteSingle(name)}`)
  return {
    prepare,
    install: [{ command: ['dnf install -y', ...options, ...enabled, ...excluded].join(' '), items: packages }],
    cleanup: copr.map(
      (project) =>
        `dnf5 config-manager setopt ${quote(`copr:copr.fedorainfracloud.org:${project.replace('/', ':')}.enabled=0`)}`,
    ),
  }
}
