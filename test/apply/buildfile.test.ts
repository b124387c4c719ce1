import { expect, it } from 'vitest'
import { buildfile } from '../../src/apply/buildfile.ts'

const CONTAINERFILE = `FROM scratch AS a-ctx
COPY layers/a/ /

FROM scratch AS b-ctx
COPY layers/b/ /

FROM tools:1 AS a-make-build
COPY --chown=1000:1000 layers/a/Makefile Makefile
RUN --mount=type=bind,from=a-ctx,source=/x,target=/x \\
    --mount=type=cache,dst=/c,sharing=locked,id=ov-c \\
    --mount=type=bind,from=b-ctx,source=/y,target=/y \\
    make --mount=type=bind,from=a-ctx

FROM base
COPY --from=a-make-build /out /out
COPY --from=a-ctx --chmod=0644 f /f
RUN --mount=type=bind,from=b-ctx,source=/,target=/ctx --mount=type=bind,from=a-ctx,source=/,target=/a ["bash","-c","echo --mount=type=bind,from=a-ctx"]
`

it('IMG-160 every mount and copy of a layer names its files by their content; what a command says stays', () => {
  const context = { 'layers/a/f': '1', 'layers/b/f': '1' }
  const text = buildfile(CONTAINERFILE, context)
  const [, a = ''] = /^FROM scratch AS (a-ctx-\w{12})$/m.exec(text) ?? []
  const [, b = ''] = /^FROM scratch AS (b-ctx-\w{12})$/m.exec(text) ?? []
  expect(text).toBe(
    CONTAINERFILE.replace('AS a-ctx\n', `AS ${a}\n`)
      .replace('AS b-ctx\n', `AS ${b}\n`)
      .replace('--from=a-ctx ', `--from=${a} `)
      .replaceAll(/from=a-ctx,source/g, `from=${a},source`)
      .replaceAll(/from=b-ctx,source/g, `from=${b},source`),
  )
  const other = buildfile(CONTAINERFILE, { ...context, 'layers/a/f': '2' })
  expect(other).not.toContain(a)
  expect(other).toContain(b)
})
