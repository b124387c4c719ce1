import { debootstrap, image } from 'ov'
import { extras, webServer } from './layers.ts'

export const base = image({ name: 'web-base', base: debootstrap({ suite: 'trixie' }), layers: [webServer] })
export const full = image({ name: 'web-full', base, layers: [extras] })
