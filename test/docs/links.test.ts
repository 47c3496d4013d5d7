import { existsSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { ROOT, page, pages } from './pages.js'

interface Link {
  from: string
  line: number
  target: string
}

/** Links to files of the project; addresses elsewhere are not looked up. */
function localLinks(): Link[] {
  return pages().flatMap(({ file, lines }) =>
    lines.flatMap((text, i) =>
      [...text.replace(/`[^`]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)]
        .map(([, target]) => ({ from: file, line: i + 1, target: target! }))
        .filter(({ target }) => !/^[a-z]+:/.test(target)),
    ),
  )
}

/** A heading's anchor as GitHub makes it. */
const anchor = (heading: string): string =>
  heading
    .replace(/^#+ /, '')
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-')

function leadsNowhere({ from, target }: Link): boolean {
  const [file, fragment] = target.split('#')
  const to = file === '' ? from : path.posix.join(path.posix.dirname(from), file!)
  if (!existsSync(path.join(ROOT, to))) return true
  if (fragment === undefined || !to.endsWith('.md')) return false
  return !page(to).lines.some((line) => /^#+ /.test(line) && anchor(line) === fragment)
}

test('every link to a file of the project, and to a heading in it, leads somewhere', () => {
  const links = localLinks()
  expect(links.length).toBeGreaterThan(5)
  expect(links.filter(leadsNowhere).map(({ from, line, target }) => `${from}:${line} ${target}`)).toEqual([])
})
