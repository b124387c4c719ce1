import { layer } from 'ov'

/** The same tools everywhere; distros that name one of them differently say so. */
export const search = layer({
  name: 'search',
  version: '2026.324.1200',
  description: 'Searches in files and lists',
  packages: ['ripgrep', 'fzf'],
  distros: {
    fedora: { packages: ['fd-find'] },
    debian: { packages: ['fd-find'] },
    ubuntu: { packages: ['fd-find'] },
    arch: { packages: ['fd'] },
  },
})

/** One section for each package format, and what only one release needs. */
export const python = layer({
  name: 'python',
  version: '2026.324.1200',
  description: 'The distro’s own Python',
  rpm: { packages: ['python3', 'python3-pip'] },
  deb: { packages: ['python3', 'python3-venv'] },
  pac: { packages: ['python', 'python-pip'] },
  tags: { 'ubuntu:24.04': { packages: ['python3.12', 'python3.12-venv'] } },
})
