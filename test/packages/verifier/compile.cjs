// Compiles programs of a folder with one compiler: `node compile.cjs TYPESCRIPT < CASES`. Declaration files are parsed
// and bound once for all of them, which is most of the time that the command `tsc` takes for each.
const [, , compiler] = process.argv
const ts = require(compiler)

const parsed = new Map()

const createHost = (options) => {
  const host = ts.createCompilerHost(options)
  const { getSourceFile } = host
  // The options that tests differ in change nothing about a declaration file but its module format.
  host.getSourceFile = (path, settings, ...rest) => {
    if (!/\.d\.[cm]?ts$/.test(path)) return getSourceFile(path, settings, ...rest)
    const key = `${path} ${settings.impliedNodeFormat}`
    if (!parsed.has(key)) parsed.set(key, getSourceFile(path, settings, ...rest))
    return parsed.get(key)
  }
  return host
}

/** Returns the messages of the compiler, as the command `tsc -p .` prints them. */
const compile = (config) => {
  const { options, fileNames, errors } = ts.parseJsonConfigFileContent(config, ts.sys, process.cwd())
  const host = createHost(options)
  const program = ts.createProgram({ rootNames: fileNames, options, host })
  const diagnostics = [...errors, ...ts.getPreEmitDiagnostics(program)]
  return ts.formatDiagnostics(diagnostics, host)
}

const configs = JSON.parse(require('node:fs').readFileSync(0, 'utf8'))
process.stdout.write(JSON.stringify(configs.map(compile)))
