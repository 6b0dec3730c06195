/** Addresses of the Open VSX door. `@` stands for itself in a path, and in the names of packages for people. */
const segment = (text: string): string => encodeURIComponent(text).replaceAll('%40', '@')

export interface PackageName {
  namespace: string
  name: string
  version: string
  targetPlatform: string
}

/** `publisher.name-1.0.0@linux-x64`, with the platform only where there is one. */
export function packageFileName(
  { namespace, name, version, targetPlatform }: PackageName,
  ending: 'vsix' | 'sigzip' | 'sha256',
): string {
  const platform = targetPlatform === 'universal' ? '' : `@${targetPlatform}`
  return `${namespace}.${name}-${version}${platform}.${ending}`
}

export interface Urls {
  namespace(namespace: string): string
  extension(namespace: string, name: string, ...rest: string[]): string
  /** Of a package; the platform is named where it is not all of them. */
  package(named: PackageName): string
  file(named: PackageName, fileName: string): string
  publicKey(kid: string): string
}

/** @param publicUrl where clients reach this server: never what a request's Host header says */
export function urlsOf(publicUrl: string): Urls {
  const url = (...segments: string[]): string => `${publicUrl}/api/${segments.map(segment).join('/')}`
  const platform = ({ targetPlatform }: PackageName): string[] =>
    targetPlatform === 'universal' ? [] : [targetPlatform]
  return {
    namespace: (namespace) => url(namespace),
    extension: (namespace, name, ...rest) => url(namespace, name, ...rest),
    package: (named) => url(named.namespace, named.name, ...platform(named), named.version),
    file: (named, fileName) =>
      url(named.namespace, named.name, ...platform(named), named.version, 'file', fileName),
    publicKey: (kid) => url('-', 'public-key', kid),
  }
}
