import { defineInit, type InitService } from '../../dsl/vocabulary.ts'
import { printIni, type IniEntry } from '../format/ini.ts'
import { Unrepresentable } from '../format/representable.ts'
import { quoteSingle } from '../format/shell.ts'
import { supervisordEnvironment, supervisordValue } from '../format/supervisord.ts'

const RESTART = { always: 'true', 'unless-stopped': 'true', 'on-failure': 'unexpected', no: 'false' } as const

/** supervisord's environment= can't hold every text; `env` in front of the command can. */
function commandAndEnvironment(service: InitService): { command: string; environment?: string } {
  const { env = {}, exec } = service
  if (Object.keys(env).length === 0) return { command: exec }
  try {
    return { command: exec, environment: supervisordEnvironment(env) }
  } catch (error) {
    if (!(error instanceof Unrepresentable)) throw error
    const words = Object.keys(env)
      .sort()
      .map((name) => quoteSingle(`${name}=${env[name]}`))
    return { command: ['/usr/bin/env', ...words, exec].join(' ') }
  }
}

/** The process manager of images. (IMG-48, LAY-67 to LAY-71) */
export const supervisord = defineInit({
  name: 'supervisord',
  layer: 'supervisord',
  fragmentDirectory: 'supervisor',
  entrypoint: ['supervisord', '-n', '-c', '/etc/supervisord.conf'],
  config: {
    path: '/etc/supervisord.conf',
    header: ({ user }) =>
      printIni([
        { name: 'unix_http_server', entries: [{ key: 'file', value: '/tmp/supervisor.sock' }] },
        {
          name: 'supervisord',
          entries: [
            { key: 'nodaemon', value: 'true' },
            { key: 'logfile', value: '/tmp/supervisord.log' },
            { key: 'pidfile', value: '/tmp/supervisord.pid' },
            { key: 'user', value: user },
          ],
        },
        {
          name: 'rpcinterface:supervisor',
          entries: [
            { key: 'supervisor.rpcinterface_factory', value: 'supervisor.rpcinterface:make_main_rpcinterface' },
          ],
        },
        { name: 'supervisorctl', entries: [{ key: 'serverurl', value: 'unix:///tmp/supervisor.sock' }] },
      ]).text,
  },
  fragment: (service) => {
    const listener = service.kind === 'eventlistener'
    const { command, environment } = commandAndEnvironment(service)
    const entries: IniEntry[] = []
    const put = (key: string, value: string | number | boolean | undefined) => {
      if (value !== undefined) entries.push({ key, value: String(value) })
    }
    put('command', supervisordValue(command))
    if (listener) put('events', service.events?.join(','))
    put('autostart', listener ? service.autoStart : (service.autoStart ?? true))
    if (!listener) put('autorestart', RESTART[service.restart ?? 'no'])
    put('startretries', service.startRetries)
    put('startsecs', service.startSecs)
    put('exitcodes', service.exitCodes?.join(','))
    put('stopsignal', service.stopSignal?.replace(/^SIG/, ''))
    put('stopwaitsecs', service.stopSeconds)
    put('priority', service.order ?? service.priority)
    if (service.workingDirectory !== undefined) put('directory', supervisordValue(service.workingDirectory))
    put('user', service.user)
    put('environment', environment)
    const { stdout = 'journal' } = service
    if (stdout === 'none') put('stdout_logfile', 'NONE')
    else if (stdout !== 'journal') put('stdout_logfile', supervisordValue(stdout.slice('file:'.length)))
    else {
      put('stdout_logfile', '/dev/fd/1')
      put('stdout_logfile_maxbytes', 0)
      if (listener) {
        put('stderr_logfile', '/dev/fd/2')
        put('stderr_logfile_maxbytes', 0)
      } else put('redirect_stderr', true)
    }
    return printIni([{ name: `${listener ? 'eventlistener' : 'program'}:${service.name}`, entries }]).text
  },
})
