// Compiler of programs in documentation, against the built package.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const OPTIONS = {
  module: 'nodenext',
  target: 'es2023',
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  types: ['node'],
}

/**
 * Compiles programs together. Each message of the compiler begins with the number of its program, `3.ts(…`.
 * @param surroundings declarations that all programs see
 */
export const compilePrograms = (
  programs: readonly string[],
  surroundings: string,
  options: Record<string, unknown> = {},
): string => {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-programs-'))
  try {
    symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    writeFileSync(join(folder, 'surroundings.d.ts'), surroundings)
    programs.forEach((program, i) => writeFileSync(join(folder, `${i}.ts`), program))
    const compilerOptions = { ...OPTIONS, ...options }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }))
    const tsc = resolve('node_modules', 'typescript', 'bin', 'tsc')
    const run = { cwd: folder, encoding: 'utf8', stdio: 'pipe' } as const
    return execFileSync(process.execPath, [tsc, '-p', '.'], run)
  } catch (error) {
    return (error as { stdout: string }).stdout
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Messages about one program. */
export const messagesAbout = (messages: string, program: number): string[] =>
  messages.split('\n').filter((line) => line.startsWith(`${program}.ts(`))

/** A message about no program: the surrounding declarations do not compile. */
export const ABOUT_SURROUNDINGS = /^(?!\d+\.ts)\S.*error/m
