/** Texts by key, the least used thrown out first, bounded by their length. */
export class TextCache<V extends { sizeChars: number }> {
  readonly #maxChars: number
  readonly #entries = new Map<string, V>()
  #chars = 0

  constructor(maxChars: number) {
    this.#maxChars = maxChars
  }

  get(key: string): V | undefined {
    const entry = this.#entries.get(key)
    if (entry) {
      // A Map keeps the order of insertion: what was just used goes to the end.
      this.#entries.delete(key)
      this.#entries.set(key, entry)
    }
    return entry
  }

  set(key: string, value: V): void {
    this.delete(key)
    if (value.sizeChars > this.#maxChars / 8) return
    this.#entries.set(key, value)
    this.#chars += value.sizeChars
    for (const oldest of this.#entries.keys()) {
      if (this.#chars <= this.#maxChars) break
      this.delete(oldest)
    }
  }

  delete(key: string): void {
    const entry = this.#entries.get(key)
    if (!entry) return
    this.#entries.delete(key)
    this.#chars -= entry.sizeChars
  }
}
