import { debootstrap, image } from 'ov'
import { counter, valkey } from './layers.ts'

const base = debootstrap({ suite: 'trixie' })

export const store = image({ name: 'store', base, layers: [valkey] })
export const page = image({ name: 'page', base, layers: [counter] })
