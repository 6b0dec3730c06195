import { createRandom, createZipf, type Random } from './random.ts'

const list = (text: string): string[] => text.trim().split(/\s*,\s*|\s*\n\s*/)

/** What extensions are about, the most common first. */
export const TOPICS = list(`
  Python, JavaScript, TypeScript, React, HTML, CSS, Java, C++, Git, Docker, JSON, Markdown, Go, Rust, PHP, C#, Vue, Angular, SQL, YAML,
  Node.js, Kubernetes, Ruby, Tailwind CSS, GraphQL, Flutter, Dart, Terraform, Bash, PowerShell, Swift, Kotlin, LaTeX, XML, Svelte, Jupyter, Django,
  Laravel, Unity, Spring Boot, PostgreSQL, MongoDB, AWS, Azure, Next.js, Scala, Lua, Haskell, Elixir, R, Julia, MATLAB, Perl, Clojure, Solidity,
  Arduino, Ansible, Jenkins, Gradle, Maven, Redis, Prisma, Deno, Bun, Sass, Less, Stylus, Pug, Handlebars, Jinja, Twig, Blade, Liquid, Protobuf,
  gRPC, OpenAPI, Swagger, Postman, Nginx, Apache, Makefile, CMake, Bazel, Nix, Zig, Nim, Crystal, OCaml, F#, Erlang, Elm, PureScript, ReScript,
  WebAssembly, GLSL, HLSL, Verilog, VHDL, Assembly, COBOL, Fortran, Ada, Prolog, Lisp, Scheme, Racket, AutoHotkey, Vim, Emacs, Tmux, Linux, Android,
  iOS, Xamarin, MAUI, Blazor, ASP.NET, WordPress, Drupal, Magento, Shopify, Salesforce, ServiceNow, SAP, Power BI, Excel, CSV, TOML, INI, dotenv,
  Mermaid, PlantUML, Graphviz, Figma, Storybook, Jest, Vitest, Playwright, Cypress, Mocha, PyTest, JUnit, RSpec, ESLint, Biome, Webpack, Vite, Rollup,
  Gulp, Electron, Tauri, Ionic, Astro, Nuxt, Remix, Gatsby, Hugo, Jekyll, Eleventy, Strapi, Supabase, Firebase, Vercel, Netlify, Heroku, GitHub,
  GitLab, Bitbucket, Jira, Trello, Notion, Slack, Copilot, ChatGPT, Ollama, Gemini, TensorFlow, PyTorch, Pandas, NumPy, Spark, Kafka, RabbitMQ`)

/** What they do. */
export const KINDS = list(`
  Snippets, Theme, Language Support, Formatter, Linter, Debugger, Tools, Extension Pack, Icons, Helper, Syntax Highlighting, IntelliSense, Viewer,
  Preview, Explorer, Runner, Generator, Test Explorer, Manager, Language Server, Assistant, Toolkit, Essentials, Autocomplete, Templates, Boilerplate,
  Refactor, Converter, Editor, Navigator, Playground, Keymap, Color Picker, Lens, Inspector, Organizer, Beautifier, Validator, Importer, Sidebar`)

export const ADJECTIVES = list(`
  Better, Simple, Auto, Smart, Awesome, Quick, Easy, Advanced, Super, Pretty, Live, Pro, Ultimate, Fast, Modern, Tiny, Dark, Light, Rainbow, Bracket,
  Material, Nord, Monokai, Dracula, Solarized, Gruvbox, Tokyo Night, One, Ayu, Night Owl, Cobalt, Synthwave, Minimal, Clean, Happy, Lazy, Magic, Hyper`)

/** Categories of VS Code's marketplace, the most common first. */
export const CATEGORIES = list(`
  Other, Themes, Snippets, Programming Languages, Formatters, Linters, Debuggers, Extension Packs, Keymaps, Visualization, Testing, AI, Chat,
  Data Science, Machine Learning, Notebooks, SCM Providers, Education, Language Packs, Azure`)

export const PLATFORMS = [
  'win32-x64',
  'win32-arm64',
  'linux-x64',
  'linux-arm64',
  'darwin-x64',
  'darwin-arm64',
]

const PEOPLE = list(`
  alex, maria, chen, sato, olga, ivan, john, sara, lucas, emma, noah, mia, liam, zoe, omar, aisha, ravi, priya, kenji, yuki, hans, greta, pierre,
  claire, diego, lucia, erik, astrid, jan, eva, tom, nina, max, lena, paul, anna, leo, ida, felix, vera, bruno, carla, dmitri, elena, farid, gina`)
const HOUSES = list(`
  labs, soft, dev, tools, works, code, studio, systems, io, tech, group, hq, foundry, forge, craft, digital, cloud, data, software, team`)

/** Words of descriptions, the most common first: real ones, and behind them made-up ones in the numbers that real catalogs have. */
const COMMON_WORDS = list(`
  code, support, extension, vscode, syntax, highlighting, snippets, language, editor, file, files, theme, visual, studio, color, dark, project, format,
  command, commands, open, create, run, add, quickly, easily, development, features, server, debug, automatically, generate, text, developers,
  integration, workspace, preview, tool, simple, custom, new, based, document, using, use, folder, provides, autocomplete, completion, intellisense,
  import, terminal, test, tests, api, data, web, build, view, comments, function, functions, current, icons, json, configuration, search, show, copy,
  line, lines, selected, selection, git, commit, branch, diff, path, paths, class, classes, component, components, package, packages, manage, template,
  templates, model, models, database, query, queries, python, javascript, typescript, react, html, css, docker, cloud, remote, local, browser, live,
  reload, inline, hover, errors, warnings, diagnostics, fix, fixes, quick, definition, references, rename, symbol, symbols, outline, tree, panel, status,
  bar, shortcut, keyboard, shortcuts, mouse, clipboard, paste, sort, convert, clean, remove, unused, imports, indent, indentation, bracket, brackets,
  pair, fold, folding, word, words, count, markdown, table, tables, diagram, diagrams, chart, image, images, log, logs, output, process, task, tasks,
  runner, script, scripts, shell, variable, variables, environment, settings, sync, share, session, collaborate, team, review, reviews, pull, request,
  requests, issue, issues, track, time, tracking, todo, notes, bookmark, bookmarks, navigate, navigation, jump, cursor, multiple, parse, parser, schema,
  validate, validation, lint, linter, formatter, beautify, pretty, print, minify, compress, encode, decode, hash, encrypt, secure, security, scan,
  vulnerabilities, performance, profile, profiler, memory, trace, inspect, network, http, rest, client, graphql, websocket, mock, stub, coverage, unit,
  suite, framework, library, module, modules, dependency, dependencies, version, versions, upgrade, migrate, release, publish, deploy, deployment,
  container, cluster, pod, helm, chart, pipeline, workflow, workflows, action, actions, ai, assistant, chat, prompt, suggestion, suggestions, explain,
  refactor, refactoring, translate, translation, spell, checker, grammar, dictionary, emoji, font, fonts, ligatures, zen, focus, rainbow, minimal, cozy`)

const MADE_UP = 40_000
const ONSETS = list(
  'b, br, c, cl, cr, d, dr, f, fl, g, gr, h, j, k, l, m, n, p, pl, pr, qu, r, s, sk, sl, st, t, tr, v, w, z',
)
const VOWELS = list('a, e, i, o, u, ai, ea, io, ou')
const ENDS = ['', '', 'n', 'r', 's', 't', 'l', 'x', 'nd', 'sh']

function madeUp(random: Random): string {
  let word = ''
  for (let syllables = 2 + random.below(2); syllables > 0; syllables--)
    word += random.pick(ONSETS) + random.pick(VOWELS) + random.pick(ENDS)
  return word
}

const fixed = createRandom(20_261_122)
/** Words of descriptions by how common they are. */
export const WORDS: readonly string[] = [
  ...new Set([...COMMON_WORDS, ...Array.from({ length: MADE_UP }, () => madeUp(fixed))]),
]

export const pickWord = createZipf(WORDS.length)
export const pickTopic = createZipf(TOPICS.length, 0.9)
export const pickKind = createZipf(KINDS.length, 0.8)
export const pickCategory = createZipf(CATEGORIES.length, 0.9)

/** A name of a person or a small house, such as `kenji-labs` or `miadev42`. */
export function publisherName(random: Random, no: number): string {
  const person = random.pick(PEOPLE)
  const house = random.pick(HOUSES)
  const form = random.below(3)
  const name =
    form === 0 ? `${person}-${house}` : form === 1 ? `${person}${house}` : `${madeUp(random)}-${house}`
  return no < 40 ? name : `${name}${no}`
}

/** Something with a name of its own, such as `Trelin`. */
export function brand(random: Random): string {
  const word = madeUp(random)
  return `${word[0]?.toUpperCase()}${word.slice(1)}`
}
