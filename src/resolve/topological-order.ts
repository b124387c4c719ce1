/**
 * An order in which edges can be wished for: those that must hold come first, a later one is taken only while no circle closes. Adding an edge
 * moves only the nodes between its ends (Pearce and Kelly's dynamic topological sort), so ten thousand nodes stay cheap.
 */
export class TopologicalOrder {
  /** Nodes by number. Numbers and plain lists make the look-ups of large projects some ten times faster than names and maps. */
  readonly #nodes: readonly string[]
  readonly #numbers: ReadonlyMap<string, number>
  readonly #after: number[][]
  readonly #before: number[][]
  readonly #compare: (a: number, b: number) => number
  /** Place of every node in the order. */
  readonly #position: Int32Array
  /** The search that has seen a node last. */
  readonly #seen: Int32Array
  #searches = 0

  constructor(nodes: readonly string[], compare: (a: string, b: string) => number) {
    this.#nodes = nodes
    this.#numbers = new Map(nodes.map((node, index) => [node, index]))
    this.#after = nodes.map(() => [])
    this.#before = nodes.map(() => [])
    this.#compare = (a, b) => compare(nodes[a]!, nodes[b]!)
    this.#position = new Int32Array(nodes.length)
    this.#seen = new Int32Array(nodes.length)
  }

  /** An edge that must hold. All of them come before {@link start}. */
  addEdge(from: string, to: string): void {
    this.#add(this.#numbers.get(from)!, this.#numbers.get(to)!)
  }

  #add(from: number, to: number): void {
    const [after, before] = [this.#after[from]!, this.#before[to]!]
    // The shorter of the two lists knows whether the edge is there.
    if (after.length < before.length ? after.includes(to) : before.includes(from)) return
    after.push(to)
    before.push(from)
  }

  /** Begins with the hard edges; returns a circle if they have one, each node followed by one that needs it. */
  start(): string[] | undefined {
    const order = this.#sort()
    order.forEach((node, index) => (this.#position[node] = index))
    if (order.length === this.#nodes.length) return undefined
    const sorted = new Set(order)
    const left = new Set([...this.#nodes.keys()].filter((node) => !sorted.has(node)))
    // Among the rest every node has a predecessor, so walking back must come round.
    const path: number[] = []
    for (let node = [...left].sort(this.#compare)[0]!; ;) {
      const seen = path.indexOf(node)
      if (seen !== -1)
        return path
          .slice(seen)
          .reverse()
          .map((one) => this.#nodes[one]!)
      path.push(node)
      node = this.#before[node]!.filter((before) => left.has(before)).sort(this.#compare)[0]!
    }
  }

  /** An edge that is wished for; it is dropped when it would close a circle. */
  preferEdge(fromName: string, toName: string): void {
    const from = this.#numbers.get(fromName)!
    const to = this.#numbers.get(toName)!
    if (from === to) return
    const position = this.#position
    const low = position[to]!
    const high = position[from]!
    if (high > low) {
      const forward = this.#reach(to, this.#after, low, high)
      if (this.#seen[from] === this.#searches) return
      const backward = this.#reach(from, this.#before, low, high)
      const byPosition = (a: number, b: number) => position[a]! - position[b]!
      const moved = [...backward.sort(byPosition), ...forward.sort(byPosition)]
      const places = Int32Array.from(moved, (node) => position[node]!).sort()
      moved.forEach((node, index) => (position[node] = places[index]!))
    }
    this.#add(from, to)
  }

  /** All nodes; those that are free to choose stand by the comparison. */
  sorted(): string[] {
    return this.#sort().map((node) => this.#nodes[node]!)
  }

  /** Nodes between two positions that can be reached; all of them are marked as seen by this search. */
  #reach(start: number, edges: readonly (readonly number[])[], low: number, high: number): number[] {
    const search = ++this.#searches
    const found = [start]
    this.#seen[start] = search
    // The list is its own list of work.
    for (let at = 0; at < found.length; at++)
      for (const next of edges[found[at]!]!) {
        const place = this.#position[next]!
        if (place < low || place > high || this.#seen[next] === search) continue
        this.#seen[next] = search
        found.push(next)
      }
    return found
  }

  #sort(): number[] {
    const missing = Int32Array.from(this.#before, (before) => before.length)
    const ready = new Heap(this.#compare)
    missing.forEach((count, node) => {
      if (count === 0) ready.push(node)
    })
    const order: number[] = []
    for (let node; (node = ready.pop()) !== undefined;) {
      order.push(node)
      for (const next of this.#after[node]!) if (--missing[next]! === 0) ready.push(next)
    }
    return order
  }
}

/** A binary heap: the smallest first. */
class Heap {
  readonly #items: number[] = []
  readonly #compare: (a: number, b: number) => number
  constructor(compare: (a: number, b: number) => number) {
    this.#compare = compare
  }

  push(item: number): void {
    const items = this.#items
    let at = items.push(item) - 1
    for (let parent; at > 0 && this.#compare(items[at]!, items[(parent = (at - 1) >> 1)]!) < 0; at = parent)
      this.#swap(at, parent)
  }

  pop(): number | undefined {
    const items = this.#items
    const top = items[0]
    const last = items.pop()
    if (items.length === 0 || last === undefined) return top
    items[0] = last
    for (let at = 0; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2]
      let least = at
      if (left < items.length && this.#compare(items[left]!, items[least]!) < 0) least = left
      if (right < items.length && this.#compare(items[right]!, items[least]!) < 0) least = right
      if (least === at) return top
      this.#swap(at, least)
      at = least
    }
  }

  #swap(a: number, b: number): void {
    const items = this.#items
    ;[items[a], items[b]] = [items[b]!, items[a]!]
  }
}
