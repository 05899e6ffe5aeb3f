// `completion`: prints a script that completes nouns, verbs and flags in a shell.
import { Argument, type Command } from 'commander'
import { escapeLines } from '../../text/text.ts'
import { bashScript } from './bash.ts'
import { fishScript } from './fish.ts'
import { type Node, nodesOf } from './tree.ts'
import { zshScript } from './zsh.ts'

const SCRIPTS: Record<string, (nodes: readonly Node[]) => string> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
}

const HELP = `
Examples:
  $ echo 'source <(latchkey completion bash)' >> ~/.bashrc
  $ echo 'source <(latchkey completion zsh)' >> ~/.zshrc    # behind compinit
  $ latchkey completion fish > ~/.config/fish/completions/latchkey.fish`

export const completion = (program: Command): void => {
  program
    .command('completion')
    .description('print a script that completes commands and flags in a shell')
    .addArgument(new Argument('<SHELL>').choices(Object.keys(SCRIPTS)))
    .addHelpText('after', HELP)
    .action((shell: string) => {
      process.stdout.write(escapeLines(SCRIPTS[shell]?.(nodesOf(program)) ?? ''))
    })
}
