import { describe, expect, it } from 'vitest'
import type { SectionData } from '../../dsl/vocabulary.ts'
import { BUILT_IN } from '../../src/vocabulary/index.ts'

const host = (format: string) => BUILT_IN.formats.get(format)!.host!
const commands = (format: string, section: Record<string, unknown>) =>
  host(format).commands!(section as unknown as SectionData, { quote: (text) => `"${text}"` })
const REPOS = {
  packages: ['a', 'b>=1'],
  repos: [
    { name: 'mine', url: 'https://r.example.org/', gpgkey: 'https://r.example.org/key' },
    { name: 'theirs', url: 'https://r.example.org/theirs.repo' },
    { name: 'release', rpm: 'https://r.example.org/release.rpm' },
  ],
  copr: ['who/what'],
  modules: ['nodejs:20'],
  exclude: ['c'],
}

describe('packages on hosts', () => {
  it('HOST-09 HOST-10 rpm: repositories for one installation, COPR for as long as it takes', () => {
    expect(commands('rpm', REPOS)).toEqual({
      prepare: [
        'dnf install -y "https://r.example.org/release.rpm"',
        'dnf install -y dnf5-plugins',
        '{ rpm --import "https://r.example.org/key" || true; }',
        '{ dnf5 config-manager addrepo --from-repofile="https://r.example.org/theirs.repo" 2>/dev/null || true; }',
        'dnf5 config-manager setopt "theirs.enabled=0"',
        'dnf5 copr enable -y who/what',
        'dnf module reset -y nodejs',
        'dnf module enable -y nodejs:20',
      ],
      install: [
        {
          command: `dnf install -y --enable-repo="mine" --enable-repo="theirs" --exclude='c'`,
          items: ['a', 'b>=1'],
        },
      ],
      cleanup: ['dnf5 config-manager setopt "copr:copr.fedorainfracloud.org:who:what.enabled=0"'],
    })
    expect(host('rpm').files!(REPOS as unknown as SectionData)).toEqual({
      '/etc/yum.repos.d/mine.repo':
        '[mine]\nname=mine\nbaseurl=https://r.example.org/\nenabled=0\ngpgcheck=1\ngpgkey=https://r.example.org/key\n',
    })
    expect(host('rpm').creates!(REPOS as unknown as SectionData)).toEqual(['/etc/yum.repos.d/theirs.repo'])
  })

  it('HOST-09 HOST-10 HOST-11 pac: never a whole upgrade, and its repositories are parts of pacman.conf', () => {
    const section = {
      packages: ['a'],
      keys: ['AB12'],
      repos: [{ name: 'mine', server: 'https://r.example.org/$arch', siglevel: 'Required', key: 'CD34' }],
    }
    expect(commands('pac', section)).toEqual({
      prepare: [
        'pacman-key --recv-keys AB12',
        'pacman-key --lsign-key AB12',
        'pacman-key --recv-keys CD34',
        'pacman-key --lsign-key CD34',
      ],
      install: [{ command: 'pacman -Sy --noconfirm --needed', items: ['a'] }],
    })
    expect(host('pac').blocks!(section as unknown as SectionData)).toEqual([
      {
        path: '/etc/pacman.conf',
        name: 'repository mine',
        text: '[mine]\nServer = https://r.example.org/$arch\nSigLevel = Required\n',
      },
    ])
  })
})
