import { pod, volume } from 'ov'
import { base, full } from './images.ts'

export const plain = pod({ name: 'plain', image: base, ports: { 8080: 8091 } })
export const fancy = pod({
  name: 'fancy',
  image: full,
  ports: { 8080: 'auto' },
  volumes: { pages: volume() },
  env: { GREETING: 'two images, one base' },
})
