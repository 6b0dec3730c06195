import { fileURLToPath } from 'node:url'
import { defineConfig } from 'tsdown'

// @trpc/client has @trpc/server and typescript for peers: whoever installed it would get 35 MB. So it is bundled, as is superjson.
export default defineConfig({
  entry: {
    index: 'src/index.ts',
    offline: 'src/offline/index.ts',
    analytics: 'src/analytics/index.ts',
    node: 'src/node/index.ts',
    support: 'src/support/index.ts',
    publish: 'src/publish/index.ts',
    cli: 'src/publish/cli/main.ts',
  },
  format: 'esm',
  target: ['node20', 'chrome120'],
  platform: 'neutral',
  deps: {
    neverBundle: [/^node:/],
    alwaysBundle: [/^@trpc\//, 'superjson'],
  },
  // superjson copies what it is given before it fills in dates. It is given what was parsed a moment ago and nobody else has.
  alias: { 'copy-anything': fileURLToPath(new URL('src/client/no-copy.ts', import.meta.url)) },
  // The compiler's JavaScript API is gone with TypeScript 7; the declarations are made from annotations alone.
  dts: { oxc: true },
  fixedExtension: false,
  clean: true,
  minify: false,
  sourcemap: false,
})
