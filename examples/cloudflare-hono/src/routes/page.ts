// wrangler.toml's rules turn these files into texts, which the linter cannot know.
/* oxlint-disable import/default */
import { Hono } from 'hono'
import type { AppEnv } from '../env.ts'
import answers from '../page/answers.css'
import script from '../page/page.client.js'
import style from '../page/page.css'
import html from '../page/page.html'
import routes from '../page/routes.client.js'
import theme from '../page/theme.css'
import view from '../page/view.client.js'

/** The page loads nothing from elsewhere, and no row that holds markup can become script. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const FILES: Record<string, [type: string, body: string]> = {
  '/': ['text/html', html],
  '/theme.css': ['text/css', theme],
  '/page.css': ['text/css', style],
  '/answers.css': ['text/css', answers],
  '/page.client.js': ['text/javascript', script],
  '/routes.client.js': ['text/javascript', routes],
  '/view.client.js': ['text/javascript', view],
}

export const page = new Hono<AppEnv>()
for (const [path, [type, body]] of Object.entries(FILES)) {
  page.get(path, (c) =>
    c.body(body, 200, {
      'content-type': `${type}; charset=utf-8`,
      'cache-control': 'no-cache',
      'content-security-policy': CONTENT_SECURITY_POLICY,
      'x-content-type-options': 'nosniff',
    }),
  )
}
page.get('/favicon.ico', (c) => c.body(null, 204))
