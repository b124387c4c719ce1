import { layer, copy, mkdir, service } from 'ov'

/** Runs the services of an image. */
export const supervisord = layer({
  name: 'supervisord',
  version: '2026.320.1200',
  description: 'Process manager of the image.',
  deb: { packages: ['supervisor'] },
})

/** A web server and the page it shows. */
export const hello = layer({
  name: 'hello',
  version: '2026.320.1200',
  description: 'A page, served by busybox.',
  depends: [supervisord],
  deb: { packages: ['busybox'] },
  ports: [8080],
  tasks: [mkdir('/srv/hello'), copy('site/index.html', { to: '/srv/hello/index.html', mode: '0644' })],
  services: [service({ name: 'hello', exec: '/usr/bin/busybox httpd -f -p 8080 -h /srv/hello', restart: 'always' })],
})
