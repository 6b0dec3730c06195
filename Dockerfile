# Node 24 runs the TypeScript sources; there is nothing to build, only dependencies to install.
FROM node:24-slim AS install
WORKDIR /app
# The image brings Node 24 itself: the copies from the registry, the test tools and the embedded PostgreSQL stay out.
RUN npm install --global pnpm@12
COPY package.json pnpm-workspace.yaml pnpm-lock.yaml ./
COPY db/package.json db/
COPY db/patches db/patches
COPY server/package.json server/
COPY sdk/package.json sdk/
COPY tests/package.json tests/
RUN pnpm install --frozen-lockfile --prod --no-optional --filter @devforge/server...

FROM node:24-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
WORKDIR /app
COPY --from=install /app ./
COPY db ./db
COPY server ./server
USER node
EXPOSE 3000
# SIGTERM drains requests and jobs; give it longer than SHUTDOWN_TIMEOUT_SECONDS (docker stop --time).
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/live`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "server/src/main.ts"]
