/** "Did you mean": the candidate a mistyped word most probably stands for. */

// One suggestion or none, the same one for the same input, whatever the order of the candidates.
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  const known = new Set(candidates)
  if (known.has(word)) return undefined
  let best: { readonly candidate: string; readonly rank: readonly [number, number] } | undefined
  for (const candidate of known) {
    const rank = closeness(word, candidate)
    if (rank === undefined) continue
    const better =
      best === undefined ||
      rank[0] < best.rank[0] ||
      (rank[0] === best.rank[0] && (rank[1] < best.rank[1] || (rank[1] === best.rank[1] && candidate < best.candidate)))
    if (better) best = { candidate, rank }
  }
  return best?.candidate
}

/** Distance without regard to case and separators first, the literal distance to break ties. */
function closeness(word: string, candidate: string): readonly [number, number] | undefined {
  const from = plain(word)
  const to = plain(candidate)
  const longest = Math.max(from.length, to.length)
  if (longest === 0 || Math.abs(from.length - to.length) > 2) return undefined
  const distance = singular(from) === singular(to) && from !== to ? 1 : edits(from, to)
  const literal = edits(word, candidate)
  const near = Math.min(distance, literal)
  // In a word of four letters two edits change half of it: that is another word.
  return near <= (longest <= 4 ? 1 : 2) && near < longest ? [near, literal] : undefined
}

function plain(word: string): string {
  return word.replace(/[-_\s.]/g, '').toLowerCase()
}

function singular(word: string): string {
  if (word.endsWith('ies')) return `${word.slice(0, -3)}y`
  if (/(?:s|x|z|ch|sh)es$/.test(word)) return word.slice(0, -2)
  return /[^s]s$/.test(word) ? word.slice(0, -1) : word
}

/** Damerau distance (optimal string alignment): insert, delete, replace, swap neighbours. */
function edits(a: string, b: string): number {
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const next = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      let cost = Math.min(at(last, column) + 1, at(next, column - 1) + 1, at(last, column - 1) + (same ? 0 : 1))
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      if (swapped) cost = Math.min(cost, at(before, column - 2) + 1)
      next.push(cost)
    }
    before = last
    last = next
  }
  return at(last, b.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity
}
