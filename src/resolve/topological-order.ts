/**
 * An order in which edges can be wished for: those that must hold come first, a later one is taken only while no circle closes. Adding an edge
 * moves only the nodes between its ends (Pearce and Kelly's dynamic topological sort), so ten thousand nodes stay cheap.
 */
export class TopologicalOrder {
  readonly #after = new Map<string, Set<string>>()
  readonly #before = new Map<string, Set<string>>()
  readonly #compare: (a: string, b: string) => number
  #position = new Map<string, number>()

  constructor(nodes: readonly string[], compare: (a: string, b: string) => number) {
    this.#compare = compare
    for (const node of nodes) {
      this.#after.set(node, new Set())
      this.#before.set(node, new Set())
    }
  }

  /** An edge that must hold. All of them come before {@link start}. */
  addEdge(from: string, to: string): void {
    this.#after.get(from)!.add(to)
    this.#before.get(to)!.add(from)
  }

  /** Begins with the hard edges; returns a circle if they have one, each node followed by one that needs it. */
  start(): string[] | undefined {
    const order = this.#sort()
    if (order.length === this.#after.size) {
      this.#position = new Map(order.map((node, index) => [node, index]))
      return undefined
    }
    const sorted = new Set(order)
    const left = new Set([...this.#after.keys()].filter((node) => !sorted.has(node)))
    // Among the rest every node has a predecessor, so walking back must come round.
    const path: string[] = []
    for (let node = [...left].sort(this.#compare)[0]!; ;) {
      const seen = path.indexOf(node)
      if (seen !== -1) return path.slice(seen).reverse()
      path.push(node)
      node = [...this.#before.get(node)!].filter((before) => left.has(before)).sort(this.#compare)[0]!
    }
  }

  /** An edge that is wished for; it is dropped when it would close a circle. */
  preferEdge(from: string, to: string): void {
    if (from === to || this.#after.get(from)!.has(to)) return
    const low = this.#position.get(to)!
    const high = this.#position.get(from)!
    if (high > low) {
      const forward = this.#reach(to, this.#after, (node) => this.#position.get(node)! <= high)
      if (forward.has(from)) return
      const backward = this.#reach(from, this.#before, (node) => this.#position.get(node)! >= low)
      const inOrder = (nodes: Set<string>) => [...nodes].sort((a, b) => this.#position.get(a)! - this.#position.get(b)!)
      const moved = [...inOrder(backward), ...inOrder(forward)]
      const places = moved.map((node) => this.#position.get(node)!).sort((a, b) => a - b)
      moved.forEach((node, index) => this.#position.set(node, places[index]!))
    }
    this.addEdge(from, to)
  }

  /** All nodes; those that are free to choose stand by the comparison. */
  sorted(): string[] {
    return this.#sort()
  }

  #reach(
    start: string,
    edges: ReadonlyMap<string, ReadonlySet<string>>,
    within: (node: string) => boolean,
  ): Set<string> {
    const found = new Set([start])
    const open = [start]
    for (let node; (node = open.pop()) !== undefined;)
      for (const next of edges.get(node)!)
        if (!found.has(next) && within(next)) {
          found.add(next)
          open.push(next)
        }
    return found
  }

  #sort(): string[] {
    const missing = new Map([...this.#before].map(([node, before]) => [node, before.size]))
    const ready = new Heap(this.#compare)
    for (const [node, count] of missing) if (count === 0) ready.push(node)
    const order: string[] = []
    for (let node; (node = ready.pop()) !== undefined;) {
      order.push(node)
      for (const next of this.#after.get(node)!) {
        const left = missing.get(next)! - 1
        missing.set(next, left)
        if (left === 0) ready.push(next)
      }
    }
    return order
  }
}

/** A binary heap: the smallest first. */
class Heap {
  readonly #items: string[] = []
  readonly #compare: (a: string, b: string) => number
  constructor(compare: (a: string, b: string) => number) {
    this.#compare = compare
  }

  push(item: string): void {
    const items = this.#items
    let at = items.push(item) - 1
    for (let parent; at > 0 && this.#compare(items[at]!, items[(parent = (at - 1) >> 1)]!) < 0; at = parent)
      this.#swap(at, parent)
  }

  pop(): string | undefined {
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
