import type { CommandSpec } from './command.ts'

export const DEPLOY = { name: '<deploy>', help: 'an image, image/instance, or the name of a deploy' }
export const INSTANCE = { flags: '-i, --instance <name>', help: 'an instance of the deploy' }
const VAULT = [INSTANCE, { flags: '--volume <name>', help: 'this encrypted volume only; default: all' }]
const CREDENTIAL = [
  { name: '<service>', help: 'ov/enc, ov/vnc, ov/secret, ov/api-key, or another one' },
  { name: '<key>', help: 'the name within the service, such as an image' },
]
const SECRETS_FILE = { flags: '-f, --file <path>', help: 'the encrypted file; default: .secrets' }
const VARIABLE = { name: '<name>', help: 'a variable of the file, such as DATABASE_URL' }
const REPLACE = { flags: '--force', help: 'replace other values that are there' }
const DRY_RUN = { flags: '--dry-run', help: 'only say what would be done' }

/** Commands for encrypted volumes, credentials and settings. */
export const SECRET_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'config mount',
    summary: 'mount the encrypted volumes of a deploy',
    args: [DEPLOY],
    options: VAULT,
    examples: ['ov config mount immich', 'ov config mount immich --volume library'],
    load: async () => ({ run: (await import('./vault.ts')).mount }),
  },
  {
    name: 'config unmount',
    summary: 'unmount the encrypted volumes of a deploy',
    args: [DEPLOY],
    options: VAULT,
    examples: ['ov config unmount immich'],
    load: async () => ({ run: (await import('./vault.ts')).unmount }),
  },
  {
    name: 'config status',
    summary: 'show how the encrypted volumes of a deploy are',
    args: [DEPLOY],
    options: [
      ...VAULT,
      { flags: '--json', help: 'print them as JSON' },
      { flags: '--table', help: 'print them as a table' },
    ],
    examples: ['ov config status immich', 'ov config status immich --json'],
    load: async () => ({ run: (await import('./vault.ts')).status }),
  },
  {
    name: 'config passwd',
    summary: 'change the passphrase of encrypted volumes, in the credential store, too',
    args: [DEPLOY],
    options: VAULT,
    examples: ['ov config passwd immich'],
    load: async () => ({ run: (await import('./vault.ts')).passwd }),
  },
  {
    name: 'migrate quadlets',
    summary: 'write anew the units that would start deploys without their encrypted volumes',
    examples: ['ov migrate quadlets'],
    load: () => import('./migrate-quadlets.ts'),
  },
  {
    name: 'secrets list',
    summary: 'list the credentials that are kept, never their values',
    args: [{ name: '[prefix]', help: 'only those that begin with it, such as ov/enc' }],
    examples: ['ov secrets list', 'ov secrets list ov/enc'],
    load: async () => ({ run: (await import('./secrets.ts')).list }),
  },
  {
    name: 'secrets get',
    summary: 'print the value of a credential',
    args: CREDENTIAL,
    examples: ['ov secrets get ov/enc immich'],
    load: async () => ({ run: (await import('./secrets.ts')).get }),
  },
  {
    name: 'secrets set',
    summary: 'keep a credential; the value is asked for, or piped in',
    args: [...CREDENTIAL, { name: '[value]', help: 'the value, where others may see it in the list of processes' }],
    options: [{ flags: '--generate', help: 'make the value up, and print it' }],
    examples: ['ov secrets set ov/enc immich', 'pass show immich | ov secrets set ov/enc immich'],
    load: async () => ({ run: (await import('./secrets.ts')).set }),
  },
  {
    name: 'secrets delete',
    summary: 'forget a credential',
    args: CREDENTIAL,
    options: [{ flags: '--force', help: 'even the passphrase of encrypted volumes that are there' }],
    examples: ['ov secrets delete ov/api-key openrouter'],
    load: async () => ({ run: (await import('./secrets.ts')).remove }),
  },
  {
    name: 'secrets import',
    summary: 'copy the credentials of the other stores into the one that is in use',
    options: [DRY_RUN, REPLACE],
    examples: ['ov secrets import --dry-run'],
    load: async () => ({ run: (await import('./secrets.ts')).importAll }),
  },
  {
    name: 'secrets export',
    summary: 'print all credentials with their values',
    options: [{ flags: '--format <format>', help: 'yaml or json; default: yaml' }],
    examples: ['ov secrets export > credentials.yml'],
    load: async () => ({ run: (await import('./secrets.ts')).exportAll }),
  },
  {
    name: 'secrets init',
    summary: 'make a KeePass file for credentials',
    args: [{ name: '[path]', help: 'default: the one that the settings name, else ~/.config/ov/secrets.kdbx' }],
    options: [{ flags: '--force', help: 'replace a file that is there' }],
    examples: ['ov secrets init', 'ov secrets init ~/sync/ov.kdbx'],
    load: async () => ({ run: (await import('./secrets.ts')).init }),
  },
  {
    name: 'secrets path',
    summary: 'print where the KeePass file is',
    examples: ['ov secrets path'],
    load: async () => ({ run: (await import('./secrets.ts')).path }),
  },
  {
    name: 'secrets prune',
    summary: 'forget names in the index of the keyring that it has no values for',
    options: [DRY_RUN],
    examples: ['ov secrets prune --dry-run'],
    load: async () => ({ run: (await import('./secrets.ts')).prune }),
  },
  {
    name: 'secrets gpg show',
    summary: 'print the decrypted file',
    options: [SECRETS_FILE],
    examples: ['ov secrets gpg show', 'ov secrets gpg show -f production.secrets'],
    load: async () => ({ run: (await import('./secrets-gpg.ts')).show }),
  },
  {
    name: 'secrets gpg env',
    summary: 'print lines that set the variables of the file in a shell; nothing without the file',
    options: [SECRETS_FILE],
    examples: ['eval "$(ov secrets gpg env)"'],
    load: async () => ({ run: (await import('./secrets-gpg.ts')).env }),
  },
  {
    name: 'secrets gpg edit',
    summary: 'edit the decrypted file, and encrypt it again',
    options: [SECRETS_FILE],
    examples: ['ov secrets gpg edit', 'EDITOR=nano ov secrets gpg edit'],
    load: async () => ({ run: (await import('./secrets-gpg.ts')).edit }),
  },
  {
    name: 'secrets gpg encrypt',
    summary: 'encrypt a plain file, or what is piped in',
    args: [{ name: '[source]', help: 'lines NAME=value; default: standard input' }],
    options: [
      SECRETS_FILE,
      {
        flags: '-r, --recipient <key>',
        help: 'who can read it: an id, a fingerprint, an address; default: who could before',
        repeat: true,
      },
      { flags: '--force', help: 'replace what the encrypted file holds' },
    ],
    examples: ['ov secrets gpg encrypt -r KEY .env', 'ov secrets gpg encrypt < plain.env'],
    load: async () => ({ run: (await import('./secrets-gpg.ts')).encrypt }),
  },
  {
    name: 'secrets gpg decrypt',
    summary: 'write the decrypted file',
    options: [
      SECRETS_FILE,
      { flags: '-o, --output <path>', help: 'where to; only you can read it' },
      { flags: '--force', help: 'replace a file that is there' },
    ],
    examples: ['ov secrets gpg decrypt -o plain.env'],
    load: async () => ({ run: (await import('./secrets-gpg.ts')).decrypt }),
  },
  {
    name: 'secrets gpg set',
    summary: 'keep a variable in the file; the value is asked for, or piped in',
    args: [VARIABLE, { name: '[value]', help: 'the value, where others may see it in the list of processes' }],
    options: [SECRETS_FILE],
    examples: ['ov secrets gpg set API_KEY', 'pass show api | ov secrets gpg set API_KEY'],
    load: async () => ({ run: (await import('./secrets-gpg.ts')).set }),
  },
  {
    name: 'secrets gpg unset',
    summary: 'remove a variable from the file',
    args: [VARIABLE],
    options: [SECRETS_FILE],
    examples: ['ov secrets gpg unset API_KEY'],
    load: async () => ({ run: (await import('./secrets-gpg.ts')).unset }),
  },
  {
    name: 'secrets gpg add-recipient',
    summary: 'let the owner of another key read the file',
    args: [{ name: '<key>', help: 'an id, a fingerprint, an address; gpg must have the public key' }],
    options: [SECRETS_FILE],
    examples: ['ov secrets gpg add-recipient bob@example.org'],
    load: async () => ({ run: (await import('./secrets-gpg.ts')).addRecipient }),
  },
  {
    name: 'secrets gpg recipients',
    summary: 'list who can read the file',
    options: [SECRETS_FILE],
    examples: ['ov secrets gpg recipients'],
    load: async () => ({ run: (await import('./secrets-gpg.ts')).recipients }),
  },
  {
    name: 'settings get',
    summary: 'print a setting of this machine',
    args: [{ name: '<key>', help: 'such as secret_backend; ov settings list shows them' }],
    examples: ['ov settings get secret_backend'],
    load: async () => ({ run: (await import('./settings.ts')).get }),
  },
  {
    name: 'settings set',
    summary: 'keep a setting of this machine',
    args: [
      { name: '<key>', help: 'such as secret_backend; ov settings list shows them' },
      { name: '<value>', help: 'what it is from now on' },
    ],
    examples: ['ov settings set secret_backend config', 'ov settings set bind_address 0.0.0.0'],
    load: async () => ({ run: (await import('./settings.ts')).set }),
  },
  {
    name: 'settings list',
    summary: 'list the settings of this machine, and where they come from',
    examples: ['ov settings list'],
    load: async () => ({ run: (await import('./settings.ts')).list }),
  },
  {
    name: 'settings reset',
    summary: 'bring settings back to their defaults; credentials stay',
    args: [{ name: '[key]', help: 'default: all' }],
    options: [
      { flags: '--all', help: 'remove the credentials of config.yml and the index of the keyring, too' },
      { flags: '-y, --yes', help: 'do not ask before deleting credentials' },
    ],
    examples: ['ov settings reset bind_address', 'ov settings reset'],
    load: async () => ({ run: (await import('./settings.ts')).reset }),
  },
  {
    name: 'settings path',
    summary: 'print where the settings are',
    examples: ['ov settings path'],
    load: async () => ({ run: (await import('./settings.ts')).path }),
  },
  {
    name: 'settings migrate-secrets',
    summary: 'move the credentials of config.yml into the desktop keyring',
    options: [DRY_RUN, REPLACE],
    examples: ['ov settings migrate-secrets --dry-run'],
    load: async () => ({ run: (await import('./secrets.ts')).migrate }),
  },
  {
    name: 'doctor',
    summary: 'look at what this machine has of all that ov can use',
    options: [{ flags: '--json', help: 'print it as JSON' }],
    examples: ['ov doctor'],
    load: () => import('./doctor.ts'),
  },
]
