import { debootstrap, image } from 'ov'
import { hello } from './layers.ts'

export const helloImage = image({ name: 'hello', base: debootstrap({ suite: 'trixie' }), layers: [hello] })
