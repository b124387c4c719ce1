import { readFile } from 'node:fs/promises'
import {
  BaseAgent,
  createAgent,
  utils,
  type AnyAuthMethod,
  type AuthenticationType,
  type IdentityCallback,
  type ParsedKey,
  type SignCallback,
  type SigningRequestOptions,
} from 'ssh2'
import type { SshSettings } from './settings.ts'

/** Whom to ask; nobody where there is no terminal. */
export interface Asking {
  readonly secret: (question: string) => Promise<string>
  readonly confirm: (question: string) => Promise<boolean>
}

type Key = string | Buffer | ParsedKey

/** How often a password is asked for. (ssh_config(5), NumberOfPasswordPrompts) */
const PROMPTS = 3

/** What a login tries, one after the other: the agent, key files, then whatever somebody at the terminal knows. */
export async function* logins(
  { user, agent, identityFiles, identitiesOnly, keyboard, password }: SshSettings,
  name: string,
  asking: Asking | undefined,
  accepted: () => readonly AuthenticationType[] | undefined,
): AsyncGenerator<AnyAuthMethod> {
  const username = user
  const takes = (method: AuthenticationType) => accepted()?.includes(method) ?? true
  // The answer tells what the machine takes at all.
  yield { type: 'none', username }
  const keys = await Promise.all(identityFiles.map(async (path) => ({ path, text: await readKey(path) })))
  if (agent !== undefined) {
    const own = identitiesOnly ? await Promise.all(identityFiles.map(publicKey)) : undefined
    yield {
      type: 'agent',
      username,
      agent: new Agent(
        agent,
        own?.filter((key) => key !== undefined),
      ),
    }
  }
  for (const { path, text } of keys) {
    if (text === undefined || !takes('publickey')) continue
    let key = parsed(text)
    if (key === 'encrypted' && asking) key = parsed(text, await asking.secret(`passphrase of ${path}`))
    if (key !== undefined && key !== 'encrypted') yield { type: 'publickey', username, key }
  }
  if (!asking) return
  for (let left = PROMPTS; left > 0 && keyboard && takes('keyboard-interactive'); left--)
    yield {
      type: 'keyboard-interactive',
      username,
      prompt: (_name, _instructions, _language, prompts, finish) => {
        void (async () => {
          const answers: string[] = []
          for (const { prompt } of prompts) answers.push(await asking.secret(`${name}: ${prompt.replace(/:\s*$/, '')}`))
          finish(answers)
        })().catch(() => finish([]))
      },
    }
  for (let left = PROMPTS; left > 0 && password && takes('password'); left--)
    yield { type: 'password', username, password: await asking.secret(`${name}: password`) }
}

const readKey = (path: string): Promise<string | undefined> => readFile(path, 'utf8').catch(() => undefined)

function parsed(text: string, passphrase?: string): ParsedKey | 'encrypted' | undefined {
  const found = utils.parseKey(text, passphrase)
  if (found instanceof Error) return /encrypted|passphrase|decrypt/i.test(found.message) ? 'encrypted' : undefined
  return found.isPrivateKey() ? found : undefined
}

/** The public half of an identity file, which may be all that there is of it. */
async function publicKey(path: string): Promise<Buffer | undefined> {
  const text = (await readKey(`${path}.pub`)) ?? (await readKey(path))
  const found = text === undefined ? undefined : utils.parseKey(text)
  return found === undefined || found instanceof Error ? undefined : found.getPublicSSH()
}

/** The user's agent, with some of its keys only where that is asked for. (ssh_config(5), IdentitiesOnly) */
class Agent extends BaseAgent<Key> {
  readonly #agent: BaseAgent
  readonly #only: readonly Buffer[] | undefined

  constructor(socket: string, only: readonly Buffer[] | undefined) {
    super()
    this.#agent = createAgent(socket)
    this.#only = only
  }

  override getIdentities(done: IdentityCallback<Key>): void {
    this.#agent.getIdentities((error, keys) => {
      if (error) done(null, [])
      else
        done(
          null,
          (keys as ParsedKey[]).filter((key) => this.#only?.some((one) => one.equals(key.getPublicSSH())) ?? true),
        )
    })
  }

  override sign(key: Key, data: Buffer, options: SigningRequestOptions | SignCallback, done?: SignCallback): void {
    if (typeof options === 'function') this.#agent.sign(key, data, options)
    else this.#agent.sign(key, data, options, done)
  }
}
