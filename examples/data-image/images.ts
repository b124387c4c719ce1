import { image, layer } from 'ov'

const notebooks = layer({
  name: 'notebooks',
  version: '2026.324.1200',
  description: 'Notebooks to begin with',
  volumes: { workspace: '~/workspace' },
  data: [{ src: 'notebooks', volume: 'workspace' }],
})

/** Nothing but files: deploys take them over into their own folders. */
export const data = image({ name: 'notebooks-data', dataImage: true, layers: [notebooks] })
