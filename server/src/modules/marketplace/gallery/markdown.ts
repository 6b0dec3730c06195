import { renderMarkdown } from '../../../markdown/render.ts'

/** Where files of a repository are shown or read; only hosts whose addresses we know. */
function basesOf(repositoryUrl: string | null): { linkBase: string | null; imageBase: string | null } {
  const match = /^https:\/\/(github\.com|gitlab\.com)\/([\w.-]+)\/([\w.-]+?)(?:\.git)?\/?$/i.exec(
    repositoryUrl ?? '',
  )
  if (!match) return { linkBase: null, imageBase: null }
  const [, host, owner, name] = match
  const root = `https://${host}/${owner}/${name}${host?.toLowerCase() === 'gitlab.com' ? '/-' : ''}`
  return { linkBase: `${root}/blob/HEAD/`, imageBase: `${root}/raw/HEAD/` }
}

/**
 * A README, a changelog or the like of an extension as safe HTML.
 * @param repositoryUrl where the extension's sources are, for links that are relative to them
 */
export const renderPackageText = (
  text: string,
  { repositoryUrl }: { repositoryUrl: string | null },
): string => renderMarkdown(text, { ...basesOf(repositoryUrl), ownPaths: false })
