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
  const text = buildfile(CONTAINERFILE, context, []).content
  const [, a = ''] = /^FROM scratch AS (a-ctx-\w{12})$/m.exec(text) ?? []
  const [, b = ''] = /^FROM scratch AS (b-ctx-\w{12})$/m.exec(text) ?? []
  expect(text).toBe(
    CONTAINERFILE.replace('AS a-ctx\n', `AS ${a}\n`)
      .replace('AS b-ctx\n', `AS ${b}\n`)
      .replace('--from=a-ctx ', `--from=${a} `)
      .replaceAll(/from=a-ctx,source/g, `from=${a},source`)
      .replaceAll(/from=b-ctx,source/g, `from=${b},source`),
  )
  const other = buildfile(CONTAINERFILE, { ...context, 'layers/a/f': '2' }, []).content
  expect(other).not.toContain(a)
  expect(other).toContain(b)
})

it('IMG-161 what is only said of an image is split from what runs; a script that speaks of labels is not', () => {
  const runs = `FROM base
RUN cat > /f <<'EOF'
EXPOSE 1
LABEL a="1"
EOF
USER 1000
`
  const said = `
# Exposed ports
EXPOSE 80

# Image metadata
LABEL b="2"
LABEL c="3"
`
  expect(buildfile(runs + said, {}, ['80', '90/udp'])).toEqual({
    content: runs,
    metadata: 'EXPOSE 80 90/udp\nLABEL b="2" \\\n      c="3"\n',
  })
  expect(buildfile(runs, {}, [])).toEqual({ content: runs, metadata: '' })
})
