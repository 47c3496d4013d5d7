import { accessSync, constants, mkdirSync } from 'node:fs'
import path from 'node:path'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Launcher, bareMachine } from '../example/launcher.ts'

const READS = ['cities', 'city', 'countries', 'events-daily', 'dashboard', 'user', 'user-orders']
const RESULTS = path.resolve(import.meta.dirname, '..', '..', 'test-results')

/** `CHROMIUM_PATH`, or a browser found on the PATH. */
function browserPath(): string {
  if (process.env.CHROMIUM_PATH) return process.env.CHROMIUM_PATH
  const folders = (process.env.PATH ?? '').split(path.delimiter)
  const names = ['chromium', 'chromium-browser', 'google-chrome']
  const found = folders.flatMap((folder) => names.map((name) => path.join(folder, name))).find(isExecutable)
  if (!found)
    throw new Error('No Chromium on the PATH: install it (Debian: apt-get install chromium) or set CHROMIUM_PATH.')
  return found
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

describe('the page of the example', () => {
  const machine = bareMachine()
  const problems: string[] = []
  let launcher: Launcher
  let browser: Browser
  let page: Page
  let first: string
  let second: string

  beforeAll(async () => {
    mkdirSync(RESULTS, { recursive: true })
    launcher = new Launcher(machine, ['--isolates', '2', '--port', '18887'])
    first = await launcher.line(/^ready (http:\/\/localhost:\d+)$/, 60_000)
    second = await launcher.line(/^isolate 2 (http:\/\/localhost:\d+)$/)
    browser = await chromium.launch({ executablePath: browserPath(), args: ['--no-sandbox'] })
    page = await open(first)
  })

  afterAll(async () => {
    await browser?.close()
    launcher.signal('SIGINT')
    await launcher.ended
    machine.remove()
  })

  async function open(url: string, options: Parameters<Browser['newPage']>[0] = {}): Promise<Page> {
    const opened = await browser.newPage({ viewport: { width: 1280, height: 1000 }, ...options })
    opened.setDefaultTimeout(15_000)
    opened.on('pageerror', (error) => problems.push(error.message))
    opened.on('requestfailed', (request) => problems.push(`failed: ${request.url()}`))
    opened.on('request', (request) => {
      if (!request.url().startsWith(url)) problems.push(`asked elsewhere: ${request.url()}`)
    })
    await opened.goto(url)
    return opened
  }

  /** Presses a route's button and reads the outcome of the answer that this press brought. */
  async function press(name: string, on = page): Promise<string> {
    const rows = on.getByTestId('log-row')
    const before = await rows.count()
    await on.getByTestId(`press-${name}`).click()
    await expect.poll(() => rows.count(), { timeout: 15_000 }).toBe(before + 1)
    return (await on.getByTestId(`outcome-${name}`).textContent()) ?? ''
  }

  async function screenshot(of: Page, name: string): Promise<void> {
    await of.evaluate(() => window.scrollTo(0, 0))
    await of.screenshot({ path: path.join(RESULTS, `${name}.png`), fullPage: true })
  }

  it('reads a miss, then l1, with an age and a time, from every read', async () => {
    const [misses, hits]: [string[], string[]] = [[], []]
    for (const name of READS) {
      misses.push(`${name} ${await press(name)}`)
      expect(await page.getByTestId(`time-${name}`).textContent()).toMatch(/^[\d.,]+ ms$/)
      hits.push(`${name} ${await press(name)}`)
    }
    expect(misses).toEqual(READS.map((name) => `${name} miss`))
    expect(hits).toEqual(READS.map((name) => `${name} l1`))
    expect(await page.getByTestId('age-cities').textContent()).toMatch(/^age \d+ s$/)
    await expect.poll(() => page.getByTestId('hit-ratio').textContent()).toBe('50 %')
    await screenshot(page, 'example-reads')
  })

  it('says why an answer was not cached', async () => {
    expect(await press('live')).toBe('bypass')
    expect(await page.getByTestId('reason-live').textContent()).toBe('skip-cache')
    expect(await press('clock')).toBe('bypass')
    expect(await page.getByTestId('reason-clock').textContent()).toBe('volatile-function')
  })

  it('answers from Redis on the other isolate, which it links', async () => {
    expect(await page.getByTestId('isolate-2').getAttribute('href')).toBe(second)
    const other = await open(second)
    const outcomes = []
    for (const name of READS) outcomes.push(`${name} ${await press(name, other)}`)
    expect(outcomes).toEqual(READS.map((name) => `${name} l2`))
    await screenshot(other, 'example-second-isolate')
    await other.close()
  })

  it('reads what it has written, as text and never as markup', async () => {
    const name = '<img src=x onerror=alert(1)>'
    await page.getByTestId('field-rename-user-name').fill(name)
    expect(await press('rename-user')).toBe('write')
    expect(await page.getByTestId('reason-rename-user').textContent()).toBe('invalidated users')
    expect(await press('user')).toBe('miss')
    expect(await page.getByTestId('answer').textContent()).toContain(name)
    expect(await page.locator('#answer img').count()).toBe(0)
    expect(await press('add-order')).toBe('write')
    expect(await press('add-event')).toBe('write')
  })

  it('shows what the Worker says when it refuses', async () => {
    await page.getByTestId('field-city-id').fill('Berlin')
    expect(await press('city')).toBe('error')
    expect(await page.getByTestId('error').textContent()).toContain('must be a whole number')
    await page.getByTestId('field-city-id').fill('2950159')
    expect(await press('city')).toBe('l1')
    expect(await page.getByTestId('error').isVisible()).toBe(false)
  })

  it('shows the operators their figures', async () => {
    for (const name of ['stats', 'health', 'explain']) expect(await press(name)).toBe('no query')
  })

  it('fits a phone, in the dark', async () => {
    const phone = await open(first, { viewport: { width: 390, height: 844 }, colorScheme: 'dark' })
    await press('events-daily', phone)
    expect(await phone.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
    await screenshot(phone, 'example-phone')
    await phone.close()
  })

  it('asks nobody but its own Worker, and has no script error', () => {
    expect(problems).toEqual([])
  })
})
