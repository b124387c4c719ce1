import { pod } from 'ov'
import { helloImage } from './images.ts'

export const site = pod({ name: 'hello', image: helloImage, ports: { 8080: 8088 } })
