/** Instructions that only set something: they take no time, and nobody waits for them. */
const QUIET = /^(LABEL|ENV|ARG|USER|WORKDIR|EXPOSE|ENTRYPOINT|CMD|STOPSIGNAL|SHELL|VOLUME)\b/

/** A step of a build as people want to read it: without mounts and preludes, on one line; undefined for one that only sets something. */
export function stepText(step: string): string | undefined {
  if (QUIET.test(step)) return undefined
  const [, verb = '', rest = ''] = /^(\S+)\s+((?:--\S+\s+)*[^]*)$/.exec(step) ?? []
  const words = rest.replace(/^(?:--\S+\s+)+/, '')
  // Written content is named by its hash, which tells nobody anything.
  const written = /^\.build\/\S+\/_inline\/\S+ (.*)$/.exec(words)?.[1]
  return written === undefined ? squeeze(`${verb} ${verb === 'RUN' ? command(words) : words}`) : `COPY to ${written}`
}

/** What a RUN does, in the terms of the task that asked for it. */
function command(words: string): string {
  const url = /__u="([^"]*)"/.exec(words)?.[1]
  if (url !== undefined) return `download ${url}`
  try {
    const [shell, , script] = JSON.parse(words) as unknown[]
    if (shell === 'bash' && typeof script === 'string') return script.replace(/^BUILD_ARCH=[^]*?\nset -e\n/, '')
  } catch {
    // not in the exec form
  }
  return words
}

const squeeze = (text: string) => text.replace(/\s+/g, ' ').trim()
