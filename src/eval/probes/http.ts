import type { Fields } from '../baked.ts'
import { firstMismatch, firstMismatchOfLines } from '../matchers.ts'
import { fail, pass, skip, type Outcome, type Target } from '../target.ts'

/** After the answer: its status, and how many bytes of header lines there were. */
const REPORT = '\x1e%{http_code} %{size_header}'

/** The command line that makes the request. */
export function curlArguments(check: Fields<'http'>, seconds: number): string[] {
  const { http, method, requestBody, allowInsecure, noFollowRedirects, caFile } = check
  return [
    'curl',
    ...['--silent', '--show-error', '--max-time', String(seconds), '--dump-header', '-', '--write-out', REPORT],
    ...(noFollowRedirects === true ? [] : ['--location']),
    ...(allowInsecure === true ? ['--insecure'] : []),
    ...(caFile === undefined ? [] : ['--cacert', caFile]),
    // An answer to HEAD has no body to wait for; its header lines would come twice.
    ...(method === 'HEAD' ? ['--head', '--output', '/dev/null'] : method === undefined ? [] : ['--request', method]),
    ...(requestBody === undefined ? [] : ['--data-binary', '@-']),
    '--url',
    http,
  ]
}

export interface Answer {
  readonly status: number
  /** Lines of the last answer, with names in lower case. */
  readonly headers: readonly string[]
  readonly body: string
}

/** Takes apart what curl printed. */
export function readAnswer(stdout: string): Answer {
  const end = stdout.lastIndexOf('\x1e')
  const [status = '0', size = '0'] = stdout.slice(end + 1).split(' ')
  const bytes = Buffer.from(stdout.slice(0, end))
  const blocks = bytes
    .subarray(0, Number(size))
    .toString()
    .trimEnd()
    .split(/\r?\n\r?\n/)
  const [, ...lines] = (blocks.at(-1) ?? '').split(/\r?\n/)
  return {
    status: Number(status),
    headers: lines.map((line) => line.replace(/^[^:]*/, (name) => name.toLowerCase())),
    body: bytes.subarray(Number(size)).toString(),
  }
}

/** An HTTP request, made in the target by its own curl. */
export async function probeHttp(check: Fields<'http'>, target: Target, seconds: number): Promise<Outcome> {
  const { status, headers, body, requestBody } = check
  const { exitCode, stdout, stderr } = await target.run(curlArguments(check, seconds), {
    as: 'root',
    ...(requestBody !== undefined && { stdin: requestBody }),
  })
  if (exitCode === 127) return skip('there is no curl in the image to make the request with')
  if (exitCode !== 0) return fail(`no answer: ${stderr.trim().split('\n').at(-1)}`)
  const answer = readAnswer(stdout)
  if (status !== undefined ? answer.status !== status : answer.status < 200 || answer.status > 399)
    return fail(`status is ${answer.status}, not ${status ?? '200 to 399'}`)
  const wrongHeader = firstMismatchOfLines(headers, answer.headers)
  if (wrongHeader !== undefined) return fail(`headers: ${wrongHeader}`)
  const wrongBody = firstMismatch(body, answer.body)
  if (wrongBody !== undefined) return fail(`body: ${wrongBody}`)
  return pass()
}
