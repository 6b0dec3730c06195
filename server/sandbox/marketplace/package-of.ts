import { zip } from '../../src/modules/marketplace/service/submissions/signature-archive.ts'
import { type DemoEntry, PUBLISHERS } from './entries.ts'
import { drawIcon, hex, hsl } from './icon.ts'

export const nameOf = ({ displayName }: DemoEntry): string =>
  displayName
    .toLowerCase()
    .replaceAll('++', 'pp')
    .replace(/[^a-z0-9]+/g, '-')

const hueOf = (entry: DemoEntry): number =>
  entry.kind === 'theme'
    ? entry.hue
    : [...entry.displayName].reduce((sum, c) => (sum * 31 + c.charCodeAt(0)) % 360, 7)

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`
const escapeXml = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] ?? c)

/** A VSIX of a demo entry, laid out as vsce does. The same each time, so that it is published only once. */
export function packageOf(entry: DemoEntry, version: string): Buffer {
  const { manifest, files } = contentsOf(entry)
  const name = nameOf(entry)
  const category = entry.kind === 'theme' ? 'Themes' : entry.kind === 'snippets' ? 'Snippets' : 'Other'
  const packageJson = {
    name,
    publisher: entry.publisher,
    version,
    displayName: entry.displayName,
    description: entry.description,
    license: 'MIT',
    icon: 'icon.png',
    engines: { vscode: '^1.80.0' },
    categories: [category],
    keywords: entry.tags,
    repository: { type: 'git', url: `https://git.example/${entry.publisher}/${name}.git` },
    ...manifest,
  }
  const inFolder: Record<string, string | Buffer> = {
    'package.json': json(packageJson),
    'readme.md': readmeOf(entry),
    'changelog.md': changelogOf(version),
    'LICENSE.txt': `MIT License\n\nCopyright (c) ${PUBLISHERS.get(entry.publisher)}\n`,
    'icon.png': drawIcon(entry.displayName, hueOf(entry)),
    ...files,
  }
  return zip([
    { name: 'extension.vsixmanifest', data: Buffer.from(vsixManifest(entry, { name, version, category })) },
    { name: '[Content_Types].xml', data: Buffer.from(CONTENT_TYPES) },
    ...Object.entries(inFolder).map(([file, data]) => ({
      name: `extension/${file}`,
      data: Buffer.from(data),
    })),
  ])
}

const CONTENT_TYPES = `<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension=".json" ContentType="application/json"/><Default Extension=".vsixmanifest" ContentType="text/xml"/><Default Extension=".md" ContentType="text/markdown"/><Default Extension=".txt" ContentType="text/plain"/><Default Extension=".png" ContentType="image/png"/><Default Extension=".js" ContentType="application/javascript"/></Types>
`

function vsixManifest(
  entry: DemoEntry,
  { name, version, category }: { name: string; version: string; category: string },
): string {
  const repository = `https://git.example/${entry.publisher}/${name}`
  return `<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">
  <Metadata>
    <Identity Language="en-US" Id="${name}" Version="${version}" Publisher="${entry.publisher}"/>
    <DisplayName>${escapeXml(entry.displayName)}</DisplayName>
    <Description xml:space="preserve">${escapeXml(entry.description)}</Description>
    <Tags>${escapeXml(entry.tags.join(','))}</Tags>
    <Categories>${category}</Categories>
    <GalleryFlags>Public</GalleryFlags>
    <Properties>
      <Property Id="Microsoft.VisualStudio.Code.Engine" Value="^1.80.0"/>
      <Property Id="Microsoft.VisualStudio.Code.ExtensionDependencies" Value=""/>
      <Property Id="Microsoft.VisualStudio.Code.ExtensionPack" Value=""/>
      <Property Id="Microsoft.VisualStudio.Services.Links.Source" Value="${repository}.git"/>
    </Properties>
    <License>extension/LICENSE.txt</License>
    <Icon>extension/icon.png</Icon>
  </Metadata>
  <Installation><InstallationTarget Id="Microsoft.VisualStudio.Code"/></Installation>
  <Dependencies/>
  <Assets>
    <Asset Type="Microsoft.VisualStudio.Code.Manifest" Path="extension/package.json" Addressable="true"/>
    <Asset Type="Microsoft.VisualStudio.Services.Content.Details" Path="extension/readme.md" Addressable="true"/>
    <Asset Type="Microsoft.VisualStudio.Services.Content.Changelog" Path="extension/changelog.md" Addressable="true"/>
    <Asset Type="Microsoft.VisualStudio.Services.Content.License" Path="extension/LICENSE.txt" Addressable="true"/>
    <Asset Type="Microsoft.VisualStudio.Services.Icons.Default" Path="extension/icon.png" Addressable="true"/>
  </Assets>
</PackageManifest>
`
}

/** What makes the extension do something: its part of the manifest, and files. */
function contentsOf(entry: DemoEntry): { manifest: object; files: Record<string, string> } {
  if (entry.kind === 'theme') {
    const theme = { label: entry.displayName, uiTheme: entry.light ? 'vs' : 'vs-dark', path: './theme.json' }
    return { manifest: { contributes: { themes: [theme] } }, files: { 'theme.json': json(themeOf(entry)) } }
  }
  if (entry.kind === 'snippets') {
    const bodies = entry.snippets.map(({ prefix, what, body }) => [what, { prefix, description: what, body }])
    const contribution = { language: entry.language, path: './snippets.json' }
    return {
      manifest: { contributes: { snippets: [contribution] } },
      files: { 'snippets.json': json(Object.fromEntries(bodies)) },
    }
  }
  const command = `${nameOf(entry)}.run`
  return {
    manifest: {
      main: './extension.js',
      activationEvents: [`onCommand:${command}`],
      contributes: { commands: [{ command, title: entry.displayName }] },
    },
    files: { 'extension.js': commandSource(command, entry.change) },
  }
}

const commandSource = (command: string, change: string): string => `'use strict'
const vscode = require('vscode')

const change = (text) => ${change}

exports.activate = (context) => {
  const run = () => {
    const editor = vscode.window.activeTextEditor
    if (!editor) return
    return editor.edit((edit) => {
      for (const selection of editor.selections) edit.replace(selection, change(editor.document.getText(selection)))
    })
  }
  context.subscriptions.push(vscode.commands.registerCommand('${command}', run))
}
`

function themeOf({ displayName, hue, light }: DemoEntry & { kind: 'theme' }): object {
  const shade = (turn: number, saturation: number, lightness: number): string =>
    hex(hsl((hue + turn + 360) % 360, saturation, light ? 1 - lightness : lightness))
  const scope = (names: string[], foreground: string) => ({ scope: names, settings: { foreground } })
  return {
    name: displayName,
    type: light ? 'light' : 'dark',
    colors: {
      'editor.background': shade(0, 0.2, 0.1),
      'editor.foreground': shade(0, 0.12, 0.86),
      'editorLineNumber.foreground': shade(0, 0.12, 0.4),
      'activityBar.background': shade(0, 0.22, 0.08),
      'sideBar.background': shade(0, 0.2, 0.12),
      'statusBar.background': shade(0, 0.4, 0.3),
      focusBorder: shade(0, 0.5, 0.5),
    },
    tokenColors: [
      scope(['comment'], shade(0, 0.1, 0.5)),
      scope(['string'], shade(110, 0.4, 0.7)),
      scope(['keyword', 'storage'], shade(-60, 0.55, 0.72)),
      scope(['constant.numeric'], shade(170, 0.5, 0.72)),
      scope(['entity.name.function'], shade(30, 0.6, 0.72)),
    ],
  }
}

function readmeOf(entry: DemoEntry): string {
  const how =
    entry.kind === 'theme'
      ? `Open the command palette, choose **Preferences: Color Theme**, then **${entry.displayName}**.`
      : entry.kind === 'snippets'
        ? `| prefix | what |\n|---|---|\n${entry.snippets.map(({ prefix, what }) => `| \`${prefix}\` | ${what} |`).join('\n')}`
        : `Select text, open the command palette and run **${entry.displayName}**. Several selections are changed at once.`
  return `# ${entry.displayName}\n\n${entry.description}\n\n## How to use it\n\n${how}\n\n## Privacy\n\nNothing leaves your machine.\n`
}

const changelogOf = (version: string): string =>
  `# Changelog\n\n## ${version}\n\n- ${version.endsWith('.0.0') ? 'First release.' : 'What users reported is put right.'}\n`
