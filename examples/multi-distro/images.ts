import { debootstrap, image } from 'ov'
import { python, search } from './layers.ts'

const layers = [search, python]

export const fedora = image({
  name: 'fedora',
  base: 'quay.io/fedora/fedora:43',
  distro: ['fedora:43', 'fedora'],
  layers,
})
export const debian = image({ name: 'debian', base: debootstrap({ suite: 'trixie' }), layers })
export const ubuntu = image({
  name: 'ubuntu',
  base: 'docker.io/library/ubuntu:24.04',
  distro: ['ubuntu:24.04', 'ubuntu', 'debian'],
  layers,
})
export const arch = image({ name: 'arch', base: 'docker.io/library/archlinux:latest', distro: 'arch', layers })
