/** As the inspector gives it. */
export interface CpuProfile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[]
  samples: number[]
  timeDeltas: number[]
}

/** Where a share of the time was spent itself, not in what it called. */
export interface Share {
  name: string
  percent: number
}

/** Shares of the busy time, by part and by function. */
export function readProfile(profile: CpuProfile): { parts: Share[]; functions: Share[] } {
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]))
  const parts = new Map<string, number>()
  const functions = new Map<string, number>()
  let busy = 0
  profile.samples.forEach((id, i) => {
    const frame = frames.get(id)
    const micros = profile.timeDeltas[i] ?? 0
    if (!frame || frame.functionName === '(idle)' || frame.functionName === '(program)') return
    busy += micros
    const part = partOf(frame.url, frame.functionName)
    parts.set(part, (parts.get(part) ?? 0) + micros)
    const name = `${frame.functionName || '(anonymous)'} ${shortUrl(frame.url)}${frame.url ? `:${frame.lineNumber + 1}` : ''}`
    functions.set(name, (functions.get(name) ?? 0) + micros)
  })
  const shares = (from: Map<string, number>): Share[] =>
    [...from]
      .map(([name, micros]) => ({ name, percent: (100 * micros) / busy }))
      .sort((a, b) => b.percent - a.percent)
  return { parts: shares(parts), functions: shares(functions) }
}

/** A package, a folder of ours, a module of Node, or what the engine does by itself. */
function partOf(url: string, name: string): string {
  const dependency = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(url)?.[1]
  if (dependency) return dependency
  const ours = /\/(server\/src\/[^/]+(?:\/[^/]+)?|db\/src|tests\/load)/.exec(url)?.[1]
  if (ours) return ours
  if (url.startsWith('node:')) return url.replace(/^(node:(?:internal\/)?[^/]+).*/, '$1')
  return name === '(garbage collector)' ? name : 'engine and system calls'
}

const shortUrl = (url: string): string =>
  url.replace(/^.*node_modules\/(?!.*node_modules\/)/, '').replace(/^file:.*\/(server|db|tests)\//, '$1/')
