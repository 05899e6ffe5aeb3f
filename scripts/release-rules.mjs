// Rules for a release. Pure: no I/O.

const VERSION = /^\d+\.\d+\.\d+(-[0-9a-z.]+)?$/

/** Checks that the manifests of both packages, the lock file and both constants files have the same version. */
export const versionFaults = ({ server, verifier, lock, constants, verifierConstants }) => {
  const { version } = server
  const others = {
    'src/verifier/package.json': verifier.version,
    'the dependency @latchkey/verifier': server.dependencies['@latchkey/verifier'],
    'package-lock.json': lock.packages[''].version,
    'package-lock.json for src/verifier': lock.packages['src/verifier'].version,
    'src/constants.ts': /^export const VERSION = '(.+)'$/m.exec(constants)?.[1],
    'src/verifier/constants.ts': /'latchkey-verifier\/(.+)'$/m.exec(verifierConstants)?.[1],
  }
  return [
    ...(VERSION.test(version) ? [] : [`package.json has no version of the form 1.2.3: ${version}`]),
    ...Object.entries(others)
      .filter(([, other]) => other !== version)
      .map(([place, other]) => `${place} has ${other}, and package.json has ${version}`),
  ]
}

/** The newest entry belongs to this version, with a date and at least one line. */
export const changelogFault = (text, version) => {
  const [, entry = ''] = text.split(/^## /m)
  const [heading, ...lines] = entry.split('\n')
  const [name, date = ''] = heading.split(' ')
  if (name !== version) return [`CHANGELOG.md begins with ${name}, and package.json has ${version}`]
  if (!/^\(\d{4}-\d{2}-\d{2}\)$/.test(date)) {
    return [`CHANGELOG.md has no date for ${version}: write ## ${version} (YYYY-MM-DD)`]
  }
  return lines.some((line) => line.startsWith('- '))
    ? []
    : [`CHANGELOG.md has no line for ${version}`]
}

/** A version with a suffix (`1.0.0-rc.1`) gets the tag `next`, so that `npm install latchkey` installs the last one without. */
export const publishArguments = (archive, version) => [
  'publish',
  archive,
  '--provenance',
  '--access',
  'public',
  ...(version.includes('-') ? ['--tag', 'next'] : []),
]
