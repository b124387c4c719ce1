import { cmd, copy, layer, mkdir, service, write } from 'ov'

export const supervisord = layer({
  name: 'supervisord',
  version: '2026.320.1200',
  deb: { packages: ['supervisor'] },
})

/** Shared by both images: it is installed in the one below, and found there by the other. */
export const webServer = layer({
  name: 'web-server',
  version: '2026.320.1200',
  depends: [supervisord],
  deb: { packages: ['busybox'] },
  ports: [8080],
  volumes: { pages: '~/pages' },
  envAccepts: { GREETING: 'first line of the page' },
  tasks: [
    mkdir('~/pages', { user: '${USER}' }),
    write('/usr/local/bin/serve', {
      mode: '0755',
      content: '#!/bin/sh\necho "${GREETING:-hello}" > ~/pages/index.html\nexec busybox httpd -f -p 8080 -h ~/pages\n',
    }),
  ],
  services: [service({ name: 'web', exec: '/usr/local/bin/serve', restart: 'always' })],
})

/** Only in the upper image. */
export const extras = layer({
  name: 'extras',
  version: '2026.321.900',
  depends: [webServer],
  tasks: [
    copy('site/about.html', { to: '/usr/local/share/extras/about.html', mode: '0644' }),
    cmd('date -u -d @0 +%Y > /usr/local/share/extras/epoch'),
  ],
})
