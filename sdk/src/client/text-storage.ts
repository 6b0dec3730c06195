/** Keeps one text between starts, written as a whole. */
export interface TextStorage {
  read(): Promise<string | null>
  write(text: string): Promise<void>
  clear(): Promise<void>
}

/** Keeps it until the process ends. */
export function memoryTextStorage(initial: string | null = null): TextStorage {
  let text = initial
  return {
    read: async () => text,
    write: async (next) => {
      text = next
    },
    clear: async () => {
      text = null
    },
  }
}

/** The part of `localStorage` that is used; the DOM's types are not needed for it. */
interface WebStorage {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

/** Absent outside of browsers, and throws where the user forbade it. */
function webStorage(): WebStorage | undefined {
  try {
    return (globalThis as { localStorage?: WebStorage }).localStorage
  } catch {
    return undefined
  }
}

/** Keeps it in `localStorage`; where there is none, until the page is closed. */
export function browserTextStorage(name: string): TextStorage {
  const storage = webStorage()
  if (!storage) return memoryTextStorage()
  return {
    read: async () => storage.getItem(name),
    write: async (text) => storage.setItem(name, text),
    clear: async () => storage.removeItem(name),
  }
}
