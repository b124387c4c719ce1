import { copy, layer, service, write } from 'ov'

/** Programs that are wanted everywhere. */
export const tools = layer({
  name: 'tools',
  version: '2026.332.900',
  deb: { packages: ['ripgrep', 'jq', 'tree'] },
  rpm: { packages: ['ripgrep', 'jq', 'tree'] },
  pac: { packages: ['ripgrep', 'jq', 'tree'] },
  env: { RIPGREP_CONFIG_PATH: '~/.config/ripgrep/config' },
  tasks: [write('~/.config/ripgrep/config', { content: '--smart-case\n--hidden\n--glob=!.git\n', user: '${USER}' })],
  eval: [{ command: 'rg --version', stdout: { contains: 'ripgrep' } }, { file: '~/.config/ripgrep/config' }],
})

/** How shells are set up, whichever of them somebody uses. */
export const shell = layer({
  name: 'shell',
  version: '2026.332.900',
  env: { EDITOR: 'vi', LESS: '-FRX' },
  pathAppend: ['~/bin'],
  shell: { init: "alias ll='ls -l'" },
  tasks: [copy('files/hello', { to: '~/bin/hello', user: '${USER}' })],
})

/** A service of the user's own: it starts with the session. */
export const notes = layer({
  name: 'notes',
  version: '2026.332.900',
  depends: [shell],
  services: [service({ name: 'notes', exec: 'sleep infinity', scope: 'user', restart: 'always', enable: true })],
  eval: [{ process: 'sleep' }],
})
