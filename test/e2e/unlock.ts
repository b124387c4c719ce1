/** Unlocks a collection of a GNOME Keyring without a window: `node unlock.mjs COLLECTION`, with the password on standard input. Runs in a bed. */
import { text } from 'node:stream/consumers'
import { connectSessionBus } from '../../src/credentials/bus.ts'

const ROOT = '/org/freedesktop/secrets'
const bus = await connectSessionBus(process.env['DBUS_SESSION_BUS_ADDRESS'], {
  runtimeDir: process.env['XDG_RUNTIME_DIR'],
  timeout: 20_000,
})
const [, session] = await bus.call(ROOT, 'org.freedesktop.Secret.Service', 'OpenSession', 'sv', [
  'plain',
  bus.variant('s', ''),
])
const secret = [session, Buffer.alloc(0), Buffer.from(await text(process.stdin)), 'text/plain']
await bus.call(
  ROOT,
  'org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface',
  'UnlockWithMasterPassword',
  'o(oayays)',
  [process.argv[2], secret],
)
bus.close()
