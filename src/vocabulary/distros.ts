import { defineDistro } from '../../dsl/vocabulary.ts'

/** Distros that need no definition in a project. (IMG-26) */
export const fedora = defineDistro({
  name: 'fedora',
  formats: ['rpm'],
  install: 'dnf install -y --setopt=install_weak_deps=False',
  caches: [{ path: '/var/cache/libdnf5' }],
  bootstrap: {
    packages: ['curl', 'ca-certificates', 'tar', 'gzip'],
    prepare: ["printf 'max_parallel_downloads=10\\nfastestmirror=True\\n' >> /etc/dnf/dnf.conf"],
    workarounds: ['rm -f /etc/yum.repos.d/terra-mesa.repo'],
  },
  shellIsBash: true,
})

export const debian = defineDistro({
  name: 'debian',
  formats: ['deb'],
  install: 'apt-get update && apt-get install -y --no-install-recommends',
  caches: [{ path: '/var/cache/apt' }, { path: '/var/lib/apt' }],
  bootstrap: { packages: ['curl', 'ca-certificates', 'gnupg'] },
})

export const ubuntu = defineDistro({
  name: 'ubuntu',
  inherits: 'debian',
  baseUser: { name: 'ubuntu', uid: 1000, gid: 1000, home: '/home/ubuntu' },
})

export const arch = defineDistro({
  name: 'arch',
  formats: ['pac', 'aur'],
  install: 'pacman -Syu --noconfirm',
  caches: [{ path: '/var/cache/pacman/pkg' }],
  bootstrap: { packages: ['curl', 'ca-certificates'] },
  shellIsBash: true,
})

export const cachyos = defineDistro({ name: 'cachyos', inherits: 'arch' })

/** Release numbers of suites, for the distro tag of a bootstrapped base. */
export const RELEASES: Readonly<Record<string, string>> = {
  bullseye: '11',
  bookworm: '12',
  trixie: '13',
  forky: '14',
  focal: '20.04',
  jammy: '22.04',
  noble: '24.04',
  resolute: '26.04',
}
