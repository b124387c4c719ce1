import type { Executor } from '../executor.ts'

/**
 * Runs programs through another one that takes a program as its last arguments: `sudo -n --`, `podman exec -i NAME`. What comes in and goes out is
 * the program's own.
 */
export function prefixed(executor: Executor, prefix: readonly string[]): Executor {
  if (prefix.length === 0) return executor
  const argvOf = (argv: readonly string[], env: Readonly<Record<string, string>> = {}, cwd?: string) => [
    ...prefix,
    ...(cwd === undefined && Object.keys(env).length === 0
      ? []
      : [
          'env',
          ...(cwd === undefined ? [] : [`--chdir=${cwd}`]),
          ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
        ]),
    ...argv,
  ]
  return {
    run: (argv, { env, cwd, ...options } = {}) =>
      // A container gets standard input only where there is some, and waits for its end.
      executor.run(argvOf(argv, env, cwd), { ...options, stdin: options.stdin ?? '' }),
    hold: (argv, waiting) => executor.hold(argvOf(argv), waiting),
  }
}
