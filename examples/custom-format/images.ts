import { image, layer } from 'ov'
import { alpine } from './vocabulary.ts'

const tools = layer({ name: 'tools', version: '2026.324.1200', apk: { packages: ['jq', 'ripgrep'] } })

export const small = image({ name: 'small', base: 'docker.io/library/alpine:3.22', distro: alpine, layers: [tools] })
