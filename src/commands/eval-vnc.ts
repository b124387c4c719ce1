import { randomBytes } from 'node:crypto'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { askSecret } from './confirm.ts'
import type { Context } from './command.ts'
import { findDeploy } from './local-deploy.ts'
import { thisMachine, type Machine } from './machine.ts'
import { running, SERVICE_TOOLS, serviceOf, type InstanceOption, type ServiceName } from './service-verbs.ts'

export interface VncOptions extends InstanceOption {
  readonly generate?: boolean
}

const SERVICE = 'wayvnc'
const FOLDER = '.config/wayvnc'

/** Makes the keys that are missing, and prints the settings that are there. */
const PREPARE = `set -eu
umask 077
mkdir -p ~/${FOLDER}
cd ~/${FOLDER}
[ -e tls_key.pem ] && [ -e tls_cert.pem ] ||
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:secp384r1 -sha384 -days 3650 -nodes -subj /CN=localhost \\
    -addext subjectAltName=DNS:localhost -keyout tls_key.pem -out tls_cert.pem
[ -e rsa_key.pem ] || openssl genrsa -traditional -out rsa_key.pem 2048
pwd
cat config 2>/dev/null || true`
const REPLACE = `umask 077; cd ~/${FOLDER} && cat > .config.new && mv .config.new config`

/** `ov eval vnc passwd`: gives the VNC server of a running container a password, which is kept where credentials are. (POD-137) */
export async function run(context: Context, options: VncOptions, operation: string, image: string): Promise<number> {
  if (operation !== 'passwd') {
    context.say(`ov eval vnc wants passwd, not ${JSON.stringify(operation)}`)
    return 64
  }
  const machine = thisMachine(context)
  const { executor, credentials } = machine
  const service = serviceOf(image, options)
  const { metadata } = (await findDeploy(image, options, machine)).image
  const tool = SERVICE_TOOLS[metadata.init]
  if (!tool || !metadata.services.some(({ name }) => name === SERVICE))
    throw failure('OV1007', `image "${service.image}" has no service ${SERVICE}`, 'only its server is known here')
  const engine = await running(service, machine)
  const inside = async (argv: readonly string[], stdin?: string) => {
    const stream = stdin === undefined ? [] : ['-i']
    const { exitCode, stdout, stderr } = await executor.run([engine, 'exec', ...stream, service.container, ...argv], {
      ...(stdin !== undefined && { stdin }),
      signal: context.signal,
    })
    if (exitCode === 0) return stdout
    throw failure(
      'OV5007',
      `in ${service.container}: ${stderr.trim().split('\n').at(-1) ?? `exit code ${exitCode}`}`,
      'the image needs a shell, openssl and a home that can be written',
    )
  }
  const { password, generated } = await choose(service, options, machine)
  // A line of settings ends at a line break, and loses white space around it.
  if (password.trim() !== password || /\p{Cc}/u.test(password))
    throw failure('OV5009', 'the password has white space around it, or control characters', 'take another one')
  const [folder = '', ...lines] = (await inside(['sh', '-c', PREPARE])).split('\n')
  await credentials.set('ov/vnc', keyOf(service), password)
  await inside(['sh', '-c', REPLACE], settings(lines, { folder, user: metadata.user, password }))
  await inside([...tool, 'restart', SERVICE])
  context.say(`Set the VNC password of ${service.container}, and restarted ${SERVICE}`)
  if (generated) context.result(password)
  return 0
}

const failure = (code: 'OV1007' | 'OV5007' | 'OV5009', message: string, remedy: string): DiagnosticError =>
  new DiagnosticError([{ code, severity: 'error', message, remedy }])

const keyOf = ({ image, instance }: ServiceName): string => (instance === undefined ? image : `${image}-${instance}`)

/** Made up where that is asked for, else the one that is known, else asked for. (CRED-85) */
async function choose(
  service: ServiceName,
  { generate }: VncOptions,
  { credentials }: Machine,
): Promise<{ password: string; generated: boolean }> {
  if (generate === true) return { password: randomBytes(18).toString('base64url'), generated: true }
  const known =
    (await credentials.resolve('ov/vnc', keyOf(service), 'VNC_PASSWORD')).value ??
    (await credentials.resolve('ov/vnc', service.image)).value
  return { password: known ?? (await askSecret(`VNC password of ${service.key}`)), generated: false }
}

/** The settings with the password in them; what else they say stays. wayvnc(1) */
function settings(lines: readonly string[], own: { folder: string; user: string; password: string }): string {
  const set = new Map([
    ['enable_auth', 'true'],
    ['password', own.password],
    ['private_key_file', `${own.folder}/tls_key.pem`],
    ['certificate_file', `${own.folder}/tls_cert.pem`],
    ['rsa_private_key_file', `${own.folder}/rsa_key.pem`],
  ])
  const nameOf = (line: string) => /^\s*(\w+)\s*=/.exec(line)?.[1] ?? ''
  if (!lines.some((line) => nameOf(line) === 'username')) set.set('username', own.user)
  const kept = lines.filter((line) => line !== '' && !set.has(nameOf(line)))
  return [...kept, ...[...set].map(([name, value]) => `${name}=${value}`), ''].join('\n')
}
