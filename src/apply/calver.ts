export const CALVER = /^\d+\.\d+\.\d+$/

/** A CalVer tag of a moment: year, day of the year, and time as HHMM, in UTC, without leading zeros. (IMG-151) */
function calver(at: Date): string {
  const day =
    Math.floor(
      (Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()) - Date.UTC(at.getUTCFullYear(), 0, 1)) /
        86_400_000,
    ) + 1
  return `${at.getUTCFullYear()}.${day}.${at.getUTCHours() * 100 + at.getUTCMinutes()}`
}

/** The tag of now, or of the next minute that is not taken: a tag never moves from one image to another. */
export function freeTag(at: Date, taken: ReadonlySet<string>): string {
  for (let time = at.getTime(); ; time += 60_000) {
    const tag = calver(new Date(time))
    if (!taken.has(tag)) return tag
  }
}
