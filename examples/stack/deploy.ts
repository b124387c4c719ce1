import { encrypted, pod, provided } from 'ov'
import { page, store } from './images.ts'

/** Only the page talks to it, over the shared network: it publishes no port. */
export const kept = pod({
  name: 'kept',
  image: store,
  ports: {},
  volumes: { data: encrypted() },
  security: { memoryMax: '512m', cpus: '1' },
})

export const visits = pod({
  name: 'visits',
  image: page,
  ports: { 8080: 8095 },
  env: { VALKEY_HOST: provided(kept), GREETING: 'Hello' },
})
