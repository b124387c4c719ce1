import type { TestMachine } from './machine.ts'

/** Where the registry of a bed is. */
export const REGISTRY = '127.0.0.1:5000'

/** Runs Debian's registry in a bed, on its loopback, and has podman speak HTTP with it. */
export async function startRegistry({ bed, sh }: TestMachine): Promise<void> {
  await bed.put('/etc/apt/apt.conf.d/99quiet', 'APT::Get::Assume-Yes "true";\n', { user: 'root' })
  await bed.exec(
    [
      'sh',
      '-ec',
      'apt-get update -qq >/dev/null; apt-get install -qq --no-install-recommends docker-registry >/dev/null',
    ],
    { user: 'root' },
  )
  await bed.put(
    '/etc/docker/registry/config.yml',
    `version: 0.1
storage:
  filesystem: { rootdirectory: /var/lib/docker-registry }
  delete: { enabled: true }
http: { addr: '${REGISTRY}' }
`,
    { user: 'root' },
  )
  await bed.exec(['systemctl', 'restart', 'docker-registry'], { user: 'root' })
  await bed.put('.config/containers/registries.conf', `[[registry]]\nlocation = "${REGISTRY}"\ninsecure = true\n`)
  await sh(`curl -fsS --retry 20 --retry-all-errors --retry-delay 1 http://${REGISTRY}/v2/ >/dev/null`)
}
